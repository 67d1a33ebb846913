"""The stages as they stand on replicas: they find storage where their environment says it is.

Apart from `serve_app.app`, so that their processes import no more than they use.
"""

from serve_app import deployments
from serve_app.config import EngineConfig, storage_url
from serve_app.storage import open_storage

Parser = deployments.Parser


class Speech(deployments.Speech):
    def __init__(self, config: EngineConfig) -> None:
        super().__init__(config)
        self.warm_up()


class Animation(deployments.Animation):
    def __init__(self, config: EngineConfig) -> None:
        super().__init__(config, open_storage(storage_url()))
        self.warm_up()


class Composition(deployments.Composition):
    def __init__(self) -> None:
        super().__init__(open_storage(storage_url()))
