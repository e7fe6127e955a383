"""One training in several processes, its ranks, which this process starts, watches and ends.

Each rank has a GPU of its own, or a share of the cores, and takes its share of the rows of every step; gradients are averaged, so that N ranks
make the steps of one process with N times the gradient accumulation. They stand where `torchrun` would have put them, and so accelerate, which TRL
is built on, finds them; but they meet through a file, since torchrun's meeting point listens on every address.
"""

import multiprocessing
import os
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import pyarrow.dataset as ds
import pyarrow.parquet as pq
import torch
import torch.distributed as dist

from lake.engines.parallel import follow_parent, usable_cores
from lake.errors import StageFailed, UserError
from lake.harness.environment import prepare
from lake.harness.job import JobContext

Work = Callable[[ds.Dataset, JobContext], Any]
Progress = Callable[[int, int], None]

_ROWS = "mixture.parquet"
_LOOPBACK = {"MASTER_ADDR": "127.0.0.1", "GLOO_SOCKET_IFNAME": "lo", "NCCL_SOCKET_IFNAME": "lo"}
_PATIENCE = timedelta(hours=1)  # of a rank with another that lives; one that has ended is seen at once


@dataclass(frozen=True)
class _Done:
    """What a rank found, and the figures it put into its context."""

    found: Any
    metrics: Mapping[str, float]


def alone(processes: int) -> bool:
    """Whether a training in so many processes needs none but this one. UserError for more processes than GPUs."""
    gpus = torch.cuda.device_count()
    if gpus and processes > gpus:
        raise UserError(
            f"The recipe's processes = {processes} take a GPU each, and {gpus} can be seen: allowed are 1 to {gpus}"
        )
    return processes == 1 and gpus < 2  # a trainer that sees several GPUs and no rank divides each batch among all


def in_ranks(processes: int, work: Work, mixture: ds.Dataset, context: JobContext) -> Any:
    """What `work`, given the rows and a context without a lake, returns in rank 0 once it has returned in every rank.

    work: picklable. Figures and progress of rank 0 go into `context`. Whatever ends this function or this process ends the ranks. Raises a
    rank's UserError or StageFailed, and StageFailed where one ends without.
    """
    torch.cuda.empty_cache()  # left by models that were asked before: rank 0 has the same GPU
    ranks: dict[Connection, BaseProcess] = {}
    with TemporaryDirectory() as folder:
        pq.write_table(mixture.to_table(), Path(folder) / _ROWS)
        no_lake = cast(Any, None)
        given = JobContext(no_lake, context.run_id, context.artifacts, context.unfinished)
        try:
            for rank in range(processes):
                pipe, process = _started(rank, processes, folder, work, given)
                ranks[pipe] = process
            done = _all_done(ranks, context.progress)
        finally:
            for process in ranks.values():
                process.kill()
                process.join()
    context.metrics.update(done.metrics)
    return done.found


def of_rank_zero(value: float, device: torch.device) -> float:
    """The value that rank 0 has, in every rank: what each decides by a clock or a model's answers of its own would part them."""
    told = torch.tensor(value, dtype=torch.float64, device=device)
    if dist.is_initialized():
        dist.broadcast(told, src=0)
    return float(told.item())


def _started(*about: Any) -> tuple[Connection, BaseProcess]:
    spawned = multiprocessing.get_context("spawn")
    ours, theirs = spawned.Pipe(duplex=False)
    process = spawned.Process(target=_rank, args=(*about, theirs))
    # a rank leaves Ctrl-C to this process also while it imports
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        theirs.close()  # so that the end of the rank is the end of the pipe
    return cast(Connection, ours), process


def _all_done(ranks: Mapping[Connection, BaseProcess], progress: Progress) -> _Done:
    done: dict[Connection, _Done] = {}
    while len(done) < len(ranks):
        for pipe in wait([one for one in ranks if one not in done]):
            told = _told(cast(Connection, pipe), ranks)
            if isinstance(told, Exception):
                raise told
            if isinstance(told, _Done):
                done[cast(Connection, pipe)] = told
            else:
                progress(*told)
    return done[next(iter(ranks))]


def _told(pipe: Connection, ranks: Mapping[Connection, BaseProcess]) -> Any:
    try:
        return pipe.recv()
    except EOFError:
        process = ranks[pipe]
        process.join()
        rank = list(ranks).index(pipe)
        return StageFailed(
            f"process {rank} of the {len(ranks)} that train together ended with code {process.exitcode}; what it said stands above. Run the "
            "stage again: it goes on from its newest checkpoint"
        )


def _rank(rank: int, processes: int, folder: str, work: Work, context: JobContext, told: Connection) -> None:
    follow_parent()
    prepare(offline=True)
    _meet(rank, processes, folder)
    if rank == 0:
        context = replace(context, progress=lambda done, total: told.send((done, total)))
    try:
        told.send(_Done(work(ds.dataset(Path(folder) / _ROWS), context), context.metrics))
    except (StageFailed, UserError) as error:
        told.send(error)


def _meet(rank: int, processes: int, folder: str) -> None:
    places = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": processes, "LOCAL_WORLD_SIZE": processes}
    os.environ.update({name: str(place) for name, place in places.items()} | _LOOPBACK)
    on_gpu = torch.cuda.is_available()
    if on_gpu:
        torch.cuda.set_device(rank)
    else:
        threads = os.environ.setdefault("OMP_NUM_THREADS", str(max(1, usable_cores() // processes)))
        torch.set_num_threads(int(threads))
    meeting = f"file://{folder}/ranks"
    backend = "nccl" if on_gpu else "gloo"
    dist.init_process_group(backend, init_method=meeting, rank=rank, world_size=processes, timeout=_PATIENCE)
