"""The table of scenarios: what the fault tests can do to the service."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.faults import (
    scenarios_inference,
    scenarios_machine,
    scenarios_mongo,
    scenarios_people,
    scenarios_processes,
    scenarios_queue_and_store,
    scenarios_sources,
    scenarios_strangers,
)
from tests.faults.world import World


@dataclass(frozen=True)
class Scenario:
    """One row: play breaks a world.

    may_fail: analyses may end as failed, since the fault lasts longer than the retries do. whole:
    too long, or too dependent on a quiet machine, for the selection in `make test`.
    """

    play: Callable[[World], None]
    may_fail: bool = False
    whole: bool = False

    @property
    def name(self) -> str:
        return self.play.__name__.replace("_", " ")


SCENARIOS = (
    Scenario(scenarios_processes.killed_workers),
    Scenario(scenarios_processes.killed_api),
    Scenario(scenarios_processes.killed_gunicorn),
    Scenario(scenarios_processes.killed_at_each_step),
    Scenario(scenarios_processes.killed_after_accepting),
    Scenario(scenarios_processes.unexpected_error, may_fail=True),
    Scenario(scenarios_processes.stopped_past_its_lease),
    Scenario(scenarios_processes.stopped_at_random),
    Scenario(scenarios_processes.told_to_stop),
    Scenario(scenarios_inference.nonsense, may_fail=True),
    Scenario(scenarios_inference.inference_connection, may_fail=True),
    Scenario(scenarios_inference.killed_inference, whole=True),
    Scenario(scenarios_inference.killed_supervisor, whole=True),
    Scenario(scenarios_inference.refusals),
    Scenario(scenarios_queue_and_store.broken_redis),
    Scenario(scenarios_queue_and_store.redis_connection),
    Scenario(scenarios_queue_and_store.store_away_at_start),
    Scenario(scenarios_queue_and_store.store_away_and_busy),
    Scenario(scenarios_queue_and_store.full_disk),
    Scenario(scenarios_queue_and_store.lost_replies),
    Scenario(scenarios_mongo.mongo_loses_replies, whole=True),
    Scenario(scenarios_sources.x_faults, may_fail=True),
    Scenario(scenarios_people.erased_during_an_analysis),
    Scenario(scenarios_people.erased_beside_a_reader),
    Scenario(scenarios_people.one_key_for_two_requests),
    Scenario(scenarios_machine.clock_steps),
    Scenario(scenarios_machine.full_temporary_folder),
    Scenario(scenarios_strangers.slow_strangers, whole=True),
    Scenario(scenarios_strangers.slow_strangers_of_gunicorn, whole=True),
    Scenario(scenarios_strangers.slow_strangers_of_inference, whole=True),
    Scenario(scenarios_strangers.overload, whole=True),
)
