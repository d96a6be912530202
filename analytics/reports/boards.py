"""Dashboards as records: reports in an order, each half or the whole width, and one range for all or each its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max, Prefetch, QuerySet

from analytics.errors import BadInput, NotAllowed, NotFound
from analytics.models import Dashboard, DashboardTile, SavedReport
from analytics.models.choices import TileWidth
from analytics.reports.ranges import zone_of
from analytics.reports.saved import Reader, find_report, name_of, page_of, set_fields

#: Each tile asks the lake: more would keep a page waiting, and nobody looks at so many at once.
MAX_TILES = 24
MAX_DAYS = 366
_LIST = ("dashboards",)
_CHANGEABLE = ("name", "description", "is_shared", "days", "first_on", "last_on", "time_zone")


def list_boards(reader: Reader, cursor: str = "", limit: int = 100) -> dict[str, Any]:
    """A page of dashboards. **Errors**: `BadInput`."""
    rows, more = page_of(_with_tiles(), reader, cursor, limit, _LIST)
    return {"boards": [entry_of(row, reader) for row in rows], "next_cursor": more}


def find_board(reader: Reader, uuid: UUID) -> Dashboard:
    """A dashboard with its tiles. **Errors**: `NotFound`, also for one that the reader may not read."""
    found = _with_tiles().filter(reader.readable, uuid=uuid).select_related("owner").first()
    if found is None:
        raise NotFound("there is no such dashboard")
    return found


def board_to_change(reader: Reader, uuid: UUID) -> Dashboard:
    """The same for one that is the reader's to change. **Errors**: `NotFound`, `NotAllowed`."""
    board = find_board(reader, uuid)
    if not reader.may_change(board.owner_id):
        raise NotAllowed("this belongs to somebody else: make one of your own", code="not_yours")
    return board


def create_board(
    reader: Reader, fields: Mapping[str, Any], tiles: Sequence[Mapping[str, Any]] = ()
) -> Dashboard:
    """Make a dashboard of the reader's own. **Errors**: `BadInput`, `NotFound` for a report."""
    _check_range(fields)
    with transaction.atomic():
        board = Dashboard(owner_id=reader.user.pk, source="manual")
        for name in _CHANGEABLE:
            if name in fields:
                setattr(board, name, fields[name])
        board.save()
        _put_tiles(reader, board, tiles)
    return find_board(reader, board.uuid)


def change_board(
    reader: Reader, uuid: UUID, fields: Mapping[str, Any], tiles: Sequence[Mapping[str, Any]] | None = None
) -> Dashboard:
    """Change the named fields, and all tiles where they are given. **Errors**: as `create_board`; `NotAllowed`."""
    with transaction.atomic():
        board = board_to_change(reader, uuid)
        now = {name: getattr(board, name) for name in _CHANGEABLE}
        _check_range({**now, **fields})
        set_fields(board, fields, _CHANGEABLE)
        if tiles is not None:
            _put_tiles(reader, board, tiles)
    return find_board(reader, uuid)


def delete_board(reader: Reader, uuid: UUID) -> None:
    """Delete a dashboard; its reports stay. **Errors**: `NotFound`, `NotAllowed`."""
    board_to_change(reader, uuid).delete()


def add_tile(
    reader: Reader, board: Dashboard, report: SavedReport, width: str = TileWidth.HALF
) -> DashboardTile:
    """Put a report at the end. **Errors**: `NotAllowed`, `BadInput` for one too many."""
    board_to_change(reader, board.uuid)
    there = DashboardTile.objects.filter(dashboard=board)
    if there.count() >= MAX_TILES:
        raise BadInput(f"a dashboard has {MAX_TILES} tiles at most", code="too_many_tiles")
    last = there.aggregate(last=Max("position"))["last"]
    position = 0 if last is None else last + 1
    return DashboardTile.objects.create(dashboard=board, report=report, width=width, position=position)


def move_tile(reader: Reader, uuid: UUID, number: int, *, by: int) -> None:
    """Let a tile change places with its neighbour: `by` -1 before, 1 after. **Errors**: `NotFound`, `NotAllowed`."""
    with transaction.atomic():
        board = board_to_change(reader, uuid)
        Dashboard.objects.select_for_update().get(pk=board.pk)  # one move after the other
        tiles = list(DashboardTile.objects.filter(dashboard=board))
        place = _place(tiles, number)
        other = min(max(place + by, 0), len(tiles) - 1)
        tiles[place], tiles[other] = tiles[other], tiles[place]
        for position, tile in enumerate(tiles):
            tile.position = position
        DashboardTile.objects.bulk_update(tiles, ["position"])


def set_width(reader: Reader, uuid: UUID, number: int, width: str) -> None:
    """Make a tile half or full. **Errors**: `NotFound`, `NotAllowed`, `BadInput`."""
    if width not in TileWidth.values:
        raise BadInput(f"width: one of {', '.join(TileWidth.values)}", code="bad_width")
    tiles = list(board_to_change(reader, uuid).tiles.all())
    tile = tiles[_place(tiles, number)]
    DashboardTile.objects.filter(pk=tile.pk).update(width=width)


def remove_tile(reader: Reader, uuid: UUID, number: int) -> None:
    """Take a tile off; its report stays. **Errors**: `NotFound`, `NotAllowed`."""
    tiles = list(board_to_change(reader, uuid).tiles.all())
    tiles[_place(tiles, number)].delete()


def entry_of(board: Dashboard, reader: Reader) -> dict[str, Any]:
    """A dashboard as the API gives it. A report that is not the reader's to read is named and no more."""
    return {
        "uuid": board.uuid,
        "name": board.name,
        "description": board.description,
        "days": board.days,
        "first_on": board.first_on,
        "last_on": board.last_on,
        "time_zone": board.time_zone,
        "tiles": [
            {"report": tile.report.uuid, "name": tile.report.name, "width": tile.width}
            for tile in board.tiles.all()
        ],
        "owner": name_of(board.owner),
        "is_shared": board.is_shared,
        "may_change": reader.may_change(board.owner_id),
        "created_at": board.created_at,
        "updated_at": board.updated_at,
    }


def _with_tiles() -> QuerySet[Dashboard]:
    tiles = DashboardTile.objects.select_related("report", "report__owner")
    return Dashboard.objects.prefetch_related(Prefetch("tiles", queryset=tiles))


def _place(tiles: Sequence[DashboardTile], number: int) -> int:
    for place, tile in enumerate(tiles):
        if tile.pk == number:
            return place
    raise NotFound("there is no such tile on this dashboard")


def _put_tiles(reader: Reader, board: Dashboard, tiles: Sequence[Mapping[str, Any]]) -> None:
    if len(tiles) > MAX_TILES:
        raise BadInput(f"tiles: {MAX_TILES} at most", code="too_many_tiles")
    rows = [
        DashboardTile(
            dashboard=board,
            report=find_report(reader, tile["report"]),
            width=tile.get("width", TileWidth.HALF),
            position=position,
        )
        for position, tile in enumerate(tiles)
    ]
    board.tiles.all().delete()
    DashboardTile.objects.bulk_create(rows)


def _check_range(fields: Mapping[str, Any]) -> None:
    """**Errors**: `BadInput` for half a range, two at once, one that ends before it starts, or a zone that is none."""
    days, first, last = fields.get("days"), fields.get("first_on"), fields.get("last_on")
    if fields.get("time_zone"):
        zone_of(fields["time_zone"])
    if days is not None and not 1 <= days <= MAX_DAYS:
        raise BadInput(f"days: a whole number from 1 to {MAX_DAYS}", code="bad_range")
    if (first is None) != (last is None):
        raise BadInput("a range of days needs both first_on and last_on", code="bad_range")
    if days is not None and first is not None:
        raise BadInput("either days, or first_on and last_on", code="bad_range")
    if first is not None and last is not None:
        _check_days(first, last)


def _check_days(first: date, last: date) -> None:
    if first > last:
        raise BadInput("first_on lies after last_on", code="bad_range")
    if not (first.year >= 1970 and last.year < 2199):
        raise BadInput("a day from 1970 to 2198 is expected", code="bad_range")
