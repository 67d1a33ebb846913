"""What is kept: videos and weights in Blob, jobs in PostgreSQL, secrets in Key Vault, images in a registry."""

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import (
    authorization,
    containerregistry,
    dbforpostgresql,
    keyvault,
    managedidentity,
    storage,
)

from cluster.azure.network import Net, endpoint
from cluster.azure.settings import SECRETS, Settings

DATABASE_OPTIONS = "sslmode=verify-full&sslrootcert=/etc/ssl/certs/ca-certificates.crt"
"""Of the URL that the service opens its jobs by: encrypted, and with the server's name checked."""


@dataclass(frozen=True, slots=True)
class Data:
    vault: keyvault.Vault
    account: storage.StorageAccount
    registry: containerregistry.Registry
    secrets: dict[str, keyvault.Secret]
    """By name in the vault."""


@dataclass(frozen=True, slots=True)
class Key:
    """Of our own, and who may use it."""

    name: pulumi.Output[str]
    uri: pulumi.Output[str]
    identity: managedidentity.UserAssignedIdentity


def create(settings: Settings, net: Net) -> Data:
    tenant = authorization.get_client_config_output().tenant_id
    vault = _vault(settings, net, tenant)
    key = _key(settings, net, vault) if settings.own_keys else None
    account = _account(settings, net, vault, key)
    registry = _registry(settings, net)
    secrets = _secrets(settings, net, vault, _database(settings, net, key))
    return Data(vault, account, registry, secrets)


def _vault(settings: Settings, net: Net, tenant: pulumi.Output[str]) -> keyvault.Vault:
    vault = keyvault.Vault(
        "vault",
        vault_name=settings.short("vault"),
        resource_group_name=net.group,
        properties=keyvault.VaultPropertiesArgs(
            tenant_id=tenant,
            sku=keyvault.SkuArgs(family="A", name=keyvault.SkuName.STANDARD),
            enable_rbac_authorization=True,
            enable_soft_delete=True,
            soft_delete_retention_in_days=90,
            enable_purge_protection=True,
            public_network_access="Disabled",
            network_acls=keyvault.NetworkRuleSetArgs(default_action="Deny", bypass="None"),
        ),
        tags=settings.tags,
    )
    endpoint(settings, net, "vault", vault.id, "vault")
    return vault


def _key(settings: Settings, net: Net, vault: keyvault.Vault) -> Key:
    identity = managedidentity.UserAssignedIdentity(
        "keys",
        resource_name_=settings.name("keys"),
        resource_group_name=net.group,
        tags=settings.tags,
    )
    key = keyvault.Key(
        "own",
        key_name="own",
        vault_name=vault.name,
        resource_group_name=net.group,
        properties=keyvault.KeyPropertiesArgs(
            kty="RSA",
            key_size=3072,
            rotation_policy=keyvault.RotationPolicyArgs(
                lifetime_actions=[
                    keyvault.LifetimeActionArgs(
                        action=keyvault.ActionArgs(
                            type=keyvault.KeyRotationPolicyActionType.ROTATE
                        ),
                        trigger=keyvault.TriggerArgs(time_after_create="P180D"),
                    )
                ]
            ),
        ),
        tags=settings.tags,
    )
    grant("keys", identity.principal_id, "Key Vault Crypto Service Encryption User", vault.id)
    return Key(key.name, key.key_uri, identity)


def _account(
    settings: Settings, net: Net, vault: keyvault.Vault, key: Key | None
) -> storage.StorageAccount:
    account = storage.StorageAccount(
        "storage",
        account_name=settings.short("videos"),
        resource_group_name=net.group,
        kind="StorageV2",
        sku=storage.SkuArgs(name="Standard_ZRS"),
        allow_blob_public_access=False,
        allow_shared_key_access=False,
        default_to_o_auth_authentication=True,
        enable_https_traffic_only=True,
        minimum_tls_version="TLS1_2",
        public_network_access="Disabled",
        network_rule_set=storage.NetworkRuleSetArgs(
            default_action=storage.DefaultAction.DENY, bypass="None"
        ),
        identity=storage.IdentityArgs(
            type="UserAssigned", user_assigned_identities=[key.identity.id]
        )
        if key
        else None,
        encryption=storage.EncryptionArgs(
            key_source="Microsoft.Keyvault" if key else "Microsoft.Storage",
            require_infrastructure_encryption=True,
            key_vault_properties=storage.KeyVaultPropertiesArgs(
                key_name=key.name, key_vault_uri=vault.properties.vault_uri
            )
            if key
            else None,
            encryption_identity=storage.EncryptionIdentityArgs(
                encryption_user_assigned_identity=key.identity.id
            )
            if key
            else None,
        ),
        tags=settings.tags,
    )
    endpoint(settings, net, "blob", account.id, "blob")
    for name in ("videos", "models"):
        storage.BlobContainer(
            name,
            container_name=name,
            account_name=account.name,
            resource_group_name=net.group,
            public_access=storage.PublicAccess.NONE,
        )
    _retention(settings, net, account)
    return account


def _retention(settings: Settings, net: Net, account: storage.StorageAccount) -> None:
    """What is deleted or overwritten can be brought back for a while; what is old costs less."""
    kept = storage.DeleteRetentionPolicyArgs(enabled=True, days=settings.backup_days)
    storage.BlobServiceProperties(
        "storage",
        blob_services_name="default",
        account_name=account.name,
        resource_group_name=net.group,
        is_versioning_enabled=True,
        change_feed=storage.ChangeFeedArgs(enabled=True),
        delete_retention_policy=kept,
        container_delete_retention_policy=kept,
        restore_policy=storage.RestorePolicyPropertiesArgs(
            enabled=True, days=settings.backup_days - 1
        ),
    )

    def after(days: float) -> storage.DateAfterModificationArgs:
        return storage.DateAfterModificationArgs(days_after_modification_greater_than=days)

    storage.ManagementPolicy(
        "storage",
        management_policy_name="default",
        account_name=account.name,
        resource_group_name=net.group,
        policy=storage.ManagementPolicySchemaArgs(
            rules=[
                storage.ManagementPolicyRuleArgs(
                    name="videos",
                    type="Lifecycle",
                    definition=storage.ManagementPolicyDefinitionArgs(
                        filters=storage.ManagementPolicyFilterArgs(
                            blob_types=["blockBlob"], prefix_match=["videos/"]
                        ),
                        actions=storage.ManagementPolicyActionArgs(
                            base_blob=storage.ManagementPolicyBaseBlobArgs(tier_to_cool=after(7)),
                            version=storage.ManagementPolicyVersionArgs(
                                delete=storage.DateAfterCreationArgs(
                                    days_after_creation_greater_than=settings.backup_days
                                )
                            ),
                        ),
                    ),
                )
            ]
        ),
    )


def _database(settings: Settings, net: Net, key: Key | None) -> pulumi.Output[str]:
    """The URL that the service opens its jobs by."""
    password = pulumi.Config("prosopon").require_secret("postgres")
    server = dbforpostgresql.Server(
        "postgres",
        server_name=settings.name("postgres"),
        resource_group_name=net.group,
        version="17",
        administrator_login="prosopon",
        administrator_login_password=password,
        sku=dbforpostgresql.SkuArgs(name="Standard_D2ds_v5", tier="GeneralPurpose"),
        storage=dbforpostgresql.StorageArgs(storage_size_gb=64, auto_grow="Enabled"),
        network=dbforpostgresql.NetworkArgs(public_network_access="Disabled"),
        backup=dbforpostgresql.BackupArgs(
            backup_retention_days=settings.backup_days, geo_redundant_backup="Enabled"
        ),
        high_availability=dbforpostgresql.HighAvailabilityArgs(
            mode="ZoneRedundant" if len(settings.zones) > 1 else "Disabled"
        ),
        identity=dbforpostgresql.UserAssignedIdentityArgs(
            type="UserAssigned",
            user_assigned_identities=key.identity.id.apply(
                lambda found: {found: dbforpostgresql.UserIdentityArgs()}
            ),
        )
        if key
        else None,
        data_encryption=dbforpostgresql.DataEncryptionArgs(
            type="AzureKeyVault",
            primary_key_uri=key.uri,
            primary_user_assigned_identity_id=key.identity.id,
        )
        if key
        else None,
        tags=settings.tags,
    )
    for name, value in (
        ("require_secure_transport", "on"),
        ("ssl_min_protocol_version", "TLSv1.3"),
    ):
        dbforpostgresql.Configuration(
            name,
            configuration_name=name,
            server_name=server.name,
            resource_group_name=net.group,
            source="user-override",
            value=value,
        )
    dbforpostgresql.Database(
        "postgres", database_name="prosopon", server_name=server.name, resource_group_name=net.group
    )
    endpoint(settings, net, "postgres", server.id, "postgresqlServer")
    host = server.fully_qualified_domain_name
    return pulumi.Output.secret(
        pulumi.Output.concat(
            "postgresql://prosopon:", password, "@", host, "/prosopon?", DATABASE_OPTIONS
        )
    )


def _registry(settings: Settings, net: Net) -> containerregistry.Registry:
    registry = containerregistry.Registry(
        "images",
        registry_name=settings.short("images"),
        resource_group_name=net.group,
        sku=containerregistry.SkuArgs(name="Premium"),  # the only one with private endpoints
        admin_user_enabled=False,
        anonymous_pull_enabled=False,
        public_network_access="Disabled",
        network_rule_bypass_options="AzureServices",  # `az acr build` and `az acr import` work from outside
        zone_redundancy="Enabled" if len(settings.zones) > 1 else "Disabled",
        policies=containerregistry.PoliciesArgs(
            retention_policy=containerregistry.RetentionPolicyArgs(status="enabled", days=30)
        ),
        tags=settings.tags,
    )
    endpoint(settings, net, "acr", registry.id, "registry")
    return registry


def _secrets(
    settings: Settings, net: Net, vault: keyvault.Vault, database: pulumi.Output[str]
) -> dict[str, keyvault.Secret]:
    config = pulumi.Config("prosopon")
    values = {name: config.require_secret(name) for name in SECRETS if name != "postgres"}
    return {
        name: secret(settings, net, vault, name, value)
        for name, value in {**values, "prosopon-jobs": database}.items()
    }


def secret(
    settings: Settings, net: Net, vault: keyvault.Vault, name: str, value: pulumi.Output[str]
) -> keyvault.Secret:
    return keyvault.Secret(
        name,
        secret_name=name,
        vault_name=vault.name,
        resource_group_name=net.group,
        properties=keyvault.SecretPropertiesArgs(value=value),
        tags=settings.tags,
    )


ROLES = {
    "AcrPull": "7f951dda-4ed3-4680-a7ca-43fe172d538d",
    "Azure Kubernetes Service RBAC Reader": "7f6c6a51-bcf8-42ba-9220-52d62157d7db",
    "Key Vault Crypto Service Encryption User": "e147488a-f6f5-4113-8e2d-b22465e65bf6",
    "Key Vault Secrets User": "4633458b-17de-408a-b874-0445c86b69e6",
    "Managed Identity Operator": "f1a07417-d97a-45cb-824c-7a7467783830",
    "Monitoring Data Reader": "b0d8363b-8ddd-447d-831f-62ca05bff136",
    "Network Contributor": "4d97b98b-1d4f-4787-a291-c67834d212e7",
    "Storage Blob Data Contributor": "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
}
"""Azure's built-in roles that are given here."""


def grant(
    name: str,
    principal: pulumi.Input[str],
    role: str,
    scope: pulumi.Input[str],
    kind: str = "ServicePrincipal",
) -> None:
    subscription = authorization.get_client_config_output().subscription_id
    authorization.RoleAssignment(
        f"{name}-{role.lower().replace(' ', '-')}",
        principal_id=principal,
        principal_type=kind,
        role_definition_id=pulumi.Output.concat(
            "/subscriptions/",
            subscription,
            "/providers/Microsoft.Authorization/roleDefinitions/",
            ROLES[role],
        ),
        scope=scope,
    )
