"""`mixlake migrate`: a lake that an older mixlake wrote becomes one that this one reads."""

from functools import partial

from lake.cli.options import AsJson
from lake.cli.output import console, write_json, write_table
from lake.harness.progress import waits
from lake.harness.run import fresh_run_id
from lake.settings import settings
from lake.storage.lease_records import LeaseRecords
from lake.storage.leases import lease
from lake.storage.migration import migrate as steps
from lake.storage.store import Lake

_LEASE = "lake/migration"


def migrate(as_json: AsJson = False) -> None:
    """Bring a lake that an older mixlake wrote to the format of today, in place; every version of every table stays readable."""
    here = settings()
    lake, tell = Lake(here.root), partial(waits, _LEASE, seconds=here.lease_wait)
    with lease(LeaseRecords.of(lake.root), _LEASE, fresh_run_id(), here.lease_wait, tell):
        done = [one._asdict() for one in steps(lake)]
    if as_json:
        return write_json(done)
    if not done:
        return console().print("Nothing to do: every table is of today's format.")
    return write_table(("table", "from", "to", "step", "files written anew"), [tuple(one.values()) for one in done])
