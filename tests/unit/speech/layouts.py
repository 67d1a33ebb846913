"""Names and shapes of published models, kept in few lines."""

from collections.abc import Iterator


def spread(shapes: dict[str, list[int]]) -> Iterator[tuple[str, list[int]]]:
    """Names with "{a-b}" stand for one of each number."""
    for name, shape in shapes.items():
        head, bracket, rest = name.partition("{")
        if not bracket:
            yield name, shape
            continue
        numbers, _, tail = rest.partition("}")
        first, last = map(int, numbers.split("-"))
        yield from ((f"{head}{i}{tail}", shape) for i in range(first, last + 1))
