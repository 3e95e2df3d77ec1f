"""OpenAI's administration API by the unmodified, typed `openai` client; every answer is held to its model strictly."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from openai import OpenAI

from .oracle import Entry
from .shapes import ShapeBackend, shape_backend
from .world import World

SHAPES = "shapes"


@dataclass
class Org:
    world: World
    shapes: ShapeBackend
    client: OpenAI

    @property
    def organization(self) -> Any:
        return self.client.admin.organization

    def data(self, key: str) -> OpenAI:
        return OpenAI(base_url=self.world.server.url + "/v1", api_key=key, max_retries=0)

    def project(self, prefix: str = "project") -> str:
        """A project whose keys may use every pool."""
        made = strict(self.organization.projects.create(name=self.world.fresh(prefix)))
        self.world.admin.entitle(made.id, {"fast": ["*"], SHAPES: ["*"]})
        return str(made.id)

    def key(self, project: str, name: str = "main", **fields: Any) -> tuple[str, str]:
        """A service account's id, and its key."""
        made = strict(self.organization.projects.service_accounts.create(project, name=name, **fields))
        assert made.api_key and made.api_key.id == made.id
        return made.id, made.api_key.value

    def shape(self, prefix: str, per_million: dict[str, str] | None, per_unit: dict[str, str] | None = None,
              recipe: dict[str, Any] | None = None, **fields: Any) -> str:
        model = self.world.fresh(prefix)
        if recipe is not None:
            self.shapes.recipe(model, **recipe)
        self.world.admin.model(model, [SHAPES], **fields)
        self.world.admin.price_of(model, per_million, per_unit)
        return model

    def entries(self, *tenants: str) -> list[Entry]:
        return [entry for entry in self.world.books.entries() if entry.tenant_id in tenants]


def strict(model: Any) -> Any:
    """The answer again, its types taken as they are: no text passes for a number, nothing that is required lacks."""
    raw = model.to_dict(mode="python", exclude_unset=True)
    type(model).model_validate(raw, strict=True)
    return model


@contextmanager
def organization(world: World) -> Iterator[Org]:
    """The client, and a pool of the shape backend beside the world's own."""
    with shape_backend() as shapes:
        world.admin.pool(SHAPES)
        world.admin.backend(SHAPES, "shapes-a", shapes.url)
        address = world.server.admin_address
        client = OpenAI(
            admin_api_key=world.server.admin_key, base_url=f"http://{address[0]}:{address[1]}/v1", max_retries=0)
        yield Org(world, shapes, client)
