"""The activation's part of the state; pure, like the rest of the state."""

from __future__ import annotations

from dataclasses import dataclass, replace

from core.journal import activation_events as av
from core.journal import events as ev

_SPENDS = ("approve", "activate")
_CHANGES_ALLOWANCE = (*_SPENDS, "revoke", "renew")


@dataclass(frozen=True)
class ActivationState:
    tier: int | None = None
    identity: av.IdentityRecorded | None = None
    accepted: av.QuoteAccepted | None = None
    """The effective consent; it ends when tier or identity change."""
    approval_used: bool = False
    """Whether an approval was signed under that consent, which covers only one."""
    fixed: bool = False
    """Whether something was signed for this identity and tier, which are then fixed."""
    allowance: av.AllowanceSeen | None = None
    """The last allowance that was read; None if a transaction has changed it since."""
    activated: av.MachineActivated | None = None
    read_back: av.MachineReadBack | None = None
    renewed: av.MachineRenewed | None = None
    """The newest renewal."""

    @property
    def renew_before(self) -> int | None:
        """Return the POSIX seconds at which the paid period ends; None before the activation."""
        if self.renewed:
            return self.renewed.period_end
        return self.activated.period_end if self.activated else None

    @property
    def allowance_short(self) -> bool:
        """Return whether the last allowance read is below the accepted amount."""
        return self.accepted is None or self.allowance_left < self.accepted.net_wei

    @property
    def allowance_left(self) -> int:
        """Return the wei that MachineSubscription may still take, as last read."""
        return self.allowance.allowance_wei if self.allowance else 0


def after(state: ActivationState, event: ev.Event, purpose: str) -> ActivationState:
    """Return the state after one more event; `purpose` is that of the event's transaction."""
    match event:
        case av.TierChosen():
            changed = event.tier != state.tier
            accepted = None if changed else state.accepted
            return replace(state, tier=event.tier, accepted=accepted)
        case av.IdentityRecorded():
            accepted = state.accepted if event == state.identity else None
            return replace(state, identity=event, accepted=accepted)
        case av.QuoteAccepted():
            return replace(state, accepted=event, approval_used=False)
        case av.AllowanceSeen():
            return replace(state, allowance=event)
        case av.MachineActivated():
            return replace(state, activated=event)
        case av.MachineReadBack():
            return replace(state, read_back=event)
        case av.MachineRenewed():
            return replace(state, renewed=event)
        case ev.TransactionSigned():
            return replace(
                state,
                approval_used=state.approval_used or purpose == "approve",
                fixed=state.fixed or purpose in _SPENDS,
            )
        case ev.TransactionIncluded(succeeded=True) if purpose in _CHANGES_ALLOWANCE:
            return replace(state, allowance=None)
        case ev.TransactionReorganised():
            return _without_effect(state, purpose)
        case _:
            return state


def _without_effect(state: ActivationState, purpose: str) -> ActivationState:
    """Forget the effect of a transaction that a reorganization removed."""
    state = replace(state, allowance=None)
    if purpose == "activate":
        return replace(state, activated=None, read_back=None)
    return replace(state, renewed=None) if purpose == "renew" else state
