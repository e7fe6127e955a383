"""The distiller in service, as the last published decision says."""

from dataclasses import dataclass

from lake.storage.store import Lake

IN_SERVICE = "models/in_service"


@dataclass(frozen=True)
class Serving:
    """A distiller: digest, kind of engine, and what that engine loads (a checkpoint's folder or a model's name; None for the rules)."""

    model: str
    engine: str
    uri: str | None

    def is_same(self, other: "Serving") -> bool:
        """Whether both are the same distiller: the rules are, whatever their revision; others by digest."""
        return self.engine == other.engine and (self.model == other.model or self.uri is other.uri is None)


def in_service(lake: Lake) -> Serving | None:
    """What serves in this lake; None before the first decision."""
    if lake.version(IN_SERVICE) is None:
        return None
    (row,) = lake.dataset(IN_SERVICE).to_table(columns=["model", "engine", "uri"]).to_pylist()
    return Serving(**row)
