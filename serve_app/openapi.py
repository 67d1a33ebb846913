"""The OpenAPI document: what FastAPI finds by itself, and the bodies that are read by hand."""

from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from pydantic.json_schema import models_json_schema

from serve_app.config import StrictModel
from serve_app.problems import MEDIA_TYPE
from serve_app.schemas import Problem

_REFERENCE = "#/components/schemas/"
ERRORS: dict[int | str, dict[str, Any]] = {
    "default": {
        "description": "What went wrong, as a problem document.",
        "content": {MEDIA_TYPE: {"schema": {"$ref": f"{_REFERENCE}Problem"}}},
    }
}


class Api(FastAPI):
    """Knows the schemas of the bodies that routes read by hand."""

    def __init__(self, *bodies: type[StrictModel], **settings: Any) -> None:
        super().__init__(responses=ERRORS, generate_unique_id_function=_name, **settings)
        self._bodies = bodies

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            document = super().openapi()
            wanted = [(model, "validation") for model in (*self._bodies, Problem)]
            _, found = models_json_schema(wanted, ref_template=_REFERENCE + "{model}")  # type: ignore[arg-type]
            schemas = document.setdefault("components", {}).setdefault("schemas", {})
            for name, schema in found["$defs"].items():
                schemas.setdefault(name, schema)
            for model in self._bodies:
                if "portrait" in model.model_fields:
                    schemas[f"{model.__name__}Form"] = _form(schemas[model.__name__])
            for item in document["paths"].values():
                _told_of_ids(item)
                _without_item_schemas(item)
            parts = document["components"]
            parts["parameters"] = {"RequestId": _REQUEST_ID, "Subject": _SUBJECT}
            parts["securitySchemes"] = {"key": _KEY}
            document["security"] = [{}, {"key": []}]
        return self.openapi_schema or document


_REQUEST_ID = {
    "name": "X-Request-ID",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "maxLength": 128, "title": "Request id"},
    "description": "Your own id for this request; it comes back in the answer and stands in the service's log.",
}


_SUBJECT = {
    "name": "Prosopon-Subject",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,128}$", "title": "Subject"},
    "description": "Whom you act for: things are made, seen and deleted as theirs. Takes the scope act.",
}
_KEY = {
    "type": "http",
    "scheme": "bearer",
    "description": "An API key (psp_…), where the service asks for one; `prosopon keys` makes them.",
}


def _told_of_ids(item: dict[str, Any]) -> None:
    named = ("RequestId", "Subject")
    item["parameters"] = [{"$ref": f"#/components/parameters/{name}"} for name in named]


def _without_item_schemas(item: dict[str, Any]) -> None:
    """FastAPI tells of event streams as OpenAPI 3.2 does, in a document that says it is 3.1."""
    for operation in [operation for name, operation in item.items() if name != "parameters"]:
        for answer in operation["responses"].values():
            if events := answer.get("content", {}).get("text/event-stream"):
                events.pop("itemSchema", None)
                events["schema"] = {"type": "string"}


def _name(route: APIRoute) -> str:
    return route.name


def _form(schema: dict[str, Any]) -> dict[str, Any]:
    """The same fields, those of FILE_FIELDS as files or names."""
    properties = dict(schema["properties"])
    if "pronounce" in properties:  # forms have no objects
        told = "JSON: an object of words and their respellings."
        properties["pronounce"] = {"type": "string", "title": "Pronounce", "description": told}
    for name in FILE_FIELDS:
        if name in properties:
            properties[name] = _FILE | {"title": name.replace("_", " ").capitalize()}
    title = f"{schema['title']}Form"
    return {**schema, "title": title, "properties": properties}


FILE_FIELDS = ("portrait", "audio", "reference_audio")
"""Fields of requests that a form may hold as files."""
_FILE = {"type": "string", "format": "binary"}


def json_or_form(model: type[StrictModel]) -> dict[str, Any]:
    """A body with the fields of one of the API's hand-read models, in a form those of FILE_FIELDS as files."""
    name = model.__name__
    return _body(
        {
            "application/json": {"schema": {"$ref": _REFERENCE + name}},
            "multipart/form-data": {"schema": {"$ref": f"{_REFERENCE}{name}Form"}},
        }
    )


def json_object(model: type[StrictModel]) -> dict[str, Any]:
    return _body({"application/json": {"schema": {"$ref": _REFERENCE + model.__name__}}})


def json_list(model: type[StrictModel], most: int) -> dict[str, Any]:
    items = {"$ref": _REFERENCE + model.__name__}
    schema = {"type": "array", "items": items, "minItems": 1, "maxItems": most}
    return _body({"application/json": {"schema": schema}})


def one_file(field: str) -> dict[str, Any]:
    schema = {"type": "object", "properties": {field: _FILE}, "required": [field]}
    return _body({"multipart/form-data": {"schema": schema}})


def _body(content: dict[str, Any]) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": content}}


def binary(*media_types: str, ranges: bool = True) -> dict[int | str, dict[str, Any]]:
    """How OpenAPI tells of an answer that is a file."""
    content = {
        kind: {"schema": {"type": "object"} if kind == "application/json" else _FILE}
        for kind in media_types
    }
    told: dict[int | str, dict[str, Any]] = {200: {"description": "The file.", "content": content}}
    if ranges:
        told[206] = {"description": "The part of it that was asked for.", "content": content}
        told[304] = {"description": "It is the one that you have."}
        told[416] = ERRORS["default"]
    return told
