"""What a cluster would accept and we do not: each policy yields a sentence for each fault."""

from collections.abc import Callable, Iterator, Sequence

from deploy.check.manifests import Manifest
from deploy.check.policies import edge, lifecycle, network, pods, secrecy

__all__ = ["POLICIES", "Policy", "policy_faults"]

Policy = Callable[[Sequence[Manifest]], Iterator[str]]

POLICIES: tuple[Policy, ...] = (
    pods.runs_as_a_user_without_rights,
    pods.gains_no_rights,
    pods.cannot_write_its_root,
    pods.has_no_token,
    pods.has_requests_and_limits,
    pods.has_bounded_scratch,
    pods.has_a_pinned_image,
    lifecycle.is_probed_three_times,
    lifecycle.restarts_later_than_it_leaves,
    lifecycle.stops_in_time,
    lifecycle.survives_a_drained_node,
    lifecycle.is_scaled_by_one_hand,
    network.denies_by_default,
    network.opens_nothing_to_everybody,
    network.opens_the_ports_of_its_settings,
    network.services_meet_one_workload,
    edge.fits_the_settings_behind_it,
    edge.asks_for_a_key,
    edge.encrypts_every_host,
    secrecy.config_maps_hold_no_secrets,
    secrecy.names_what_is_there,
)


def policy_faults(manifests: Sequence[Manifest]) -> Iterator[str]:
    """Yield what any policy has to say of the manifests of one overlay."""
    for policy in POLICIES:
        yield from policy(manifests)
