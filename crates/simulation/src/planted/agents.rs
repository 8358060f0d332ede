//! Bugs of agents: each is the true one with something bent.

use std::{
    cell::{Cell, RefCell},
    marker::PhantomData,
    sync::Arc,
};

use agent::{Agent, Effect, Effects, Input, PolicyError, Turn};
use bus_schema::{
    Data, Event, Kind, Time,
    data::{
        facts::{OutreachProposed, TurnReleased},
        people::Verdict,
    },
};
use engagement::Engagement;
use health::Health;
use runtime::AgentFold;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned};
use supervisor::Supervisor;

use crate::twist::{True, Twist};

/// A bend of an agent.
pub(super) trait Bend: Send + Sync + 'static {
    /// The agent it bends.
    type Of: Agent;
    /// What the bent one keeps.
    type State: Default + Serialize + DeserializeOwned + Send + 'static;

    fn policy(text: &str) -> Result<<Self::Of as Agent>::Policy, PolicyError> {
        Self::Of::policy(text)
    }

    fn step(
        turn: &Turn<'_>,
        policy: &<Self::Of as Agent>::Policy,
        state: &mut Self::State,
        input: Input<'_>,
        effects: &mut Effects,
    );
}

/// A bent agent: to the runtime it looks like the true one.
struct Bent<B>(PhantomData<fn() -> B>);

impl<B: Bend> Agent for Bent<B> {
    const NAME: &'static str = B::Of::NAME;
    const READS: &'static [Kind] = B::Of::READS;
    const EMITS: &'static [Kind] = B::Of::EMITS;
    const FOLD_VERSION: u32 = B::Of::FOLD_VERSION;
    const DEFAULT_POLICY: &'static str = B::Of::DEFAULT_POLICY;
    type Policy = <B::Of as Agent>::Policy;
    type State = B::State;

    fn policy(text: &str) -> Result<Self::Policy, PolicyError> {
        B::policy(text)
    }

    fn adopt(policy: &mut Self::Policy, name: &str, version: u32, text: &str) -> Result<(), PolicyError> {
        B::Of::adopt(policy, name, version, text)
    }

    fn step(turn: &Turn<'_>, policy: &Self::Policy, state: &mut Self::State, input: Input<'_>, effects: &mut Effects) {
        B::step(turn, policy, state, input, effects);
    }
}

/// The agents of a world, some of them bent.
pub(super) struct Cast {
    agents: fn() -> Vec<AgentFold>,
    gate: fn() -> AgentFold,
}

impl Twist for Cast {
    fn agents(&self) -> Vec<AgentFold> {
        (self.agents)()
    }

    fn gate(&self) -> AgentFold {
        (self.gate)()
    }
}

/// With a bent gate.
pub(super) fn gate<B: Bend<Of = Supervisor>>() -> Cast {
    Cast { agents: || True.agents(), gate: AgentFold::of::<Bent<B>> }
}

/// With a bent scorer.
pub(super) fn scorer<B: Bend<Of = Health>>() -> Cast {
    Cast { agents: bent::<B>, gate: || True.gate() }
}

/// With a bent planner.
pub(super) fn planner<B: Bend<Of = Engagement>>() -> Cast {
    Cast { agents: bent::<B>, gate: || True.gate() }
}

/// The true agents, but for the bent one.
fn bent<B: Bend>() -> Vec<AgentFold> {
    let bent = AgentFold::of::<Bent<B>>();
    True.agents().into_iter().map(|agent| if agent.name() == bent.name() { bent } else { agent }).collect()
}

/// With a planner that proposes everything twice, and a gate that keeps both.
pub(super) fn two_cards() -> Cast {
    Cast { gate: AgentFold::of::<Bent<Roomless>>, ..planner::<Doubled>() }
}

thread_local! {
    /// What a wall clock would say.
    static CLOCK: Cell<Time> = const { Cell::new(Time(0)) };
    /// Texts of the supervisor's policies in the order in which anybody first read them, and the last of them.
    static RULES: RefCell<(Vec<String>, Option<Arc<supervisor::Policy>>)> = const { RefCell::new((Vec::new(), None)) };
}

/// Sets the clock on the wall.
pub(crate) fn set_clock(now: Time) {
    CLOCK.set(now);
}

/// Forgets what one history left behind.
pub(crate) fn reset() {
    CLOCK.set(Time(0));
    RULES.take();
}

/// A gate that signs at once.
pub(super) struct Hasty;

impl Bend for Hasty {
    type Of = Supervisor;
    type State = supervisor::State;

    fn step(
        turn: &Turn<'_>,
        policy: &supervisor::Policy,
        state: &mut Self::State,
        input: Input<'_>,
        effects: &mut Effects,
    ) {
        Supervisor::step(turn, policy, state, input, effects);
        if let Input::Event(Event { data: Data::DecisionRecorded(data), .. }) = input
            && data.verdict == Verdict::Approve
        {
            let held = effects.list().iter().find_map(|effect| match effect {
                Effect::SetTimer { name, due } if name.starts_with("hold/") => Some((name.clone(), *due)),
                Effect::SetTimer { .. } | Effect::CancelTimer { .. } | Effect::Emit(_) => None,
            });
            if let Some((hold, due)) = held {
                Supervisor::step(&Turn { now: due, ..*turn }, policy, state, Input::Timer(&hold), effects);
            }
        }
    }
}

/// A gate for which no proposal is ever too old.
pub(super) struct Patient;

impl Bend for Patient {
    type Of = Supervisor;
    type State = supervisor::State;

    fn step(
        turn: &Turn<'_>,
        policy: &supervisor::Policy,
        state: &mut Self::State,
        input: Input<'_>,
        effects: &mut Effects,
    ) {
        match input {
            Input::Timer(name) if name.starts_with("expire/") => {}
            Input::Event(Event { data: Data::DecisionRecorded(_), .. }) => {
                Supervisor::step(&Turn { now: Time(0), ..*turn }, policy, state, input, effects);
            }
            Input::Timer(_) | Input::Event(_) => Supervisor::step(turn, policy, state, input, effects),
        }
    }
}

/// A planner that keeps in memory only whom it wrote to.
pub(super) struct Uncounted;

/// A state whose counts are not written down.
#[derive(Default)]
pub(super) struct Unwritten(engagement::State);

impl Serialize for Unwritten {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut written = self.0.clone();
        if let engagement::State::Account(account) = &mut written {
            account.open.clear();
            account.sent.clear();
            account.settled.clear();
            account.people.clear();
        }
        written.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Unwritten {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        engagement::State::deserialize(deserializer).map(Self)
    }
}

impl Bend for Uncounted {
    type Of = Engagement;
    type State = Unwritten;

    fn step(
        turn: &Turn<'_>,
        policy: &engagement::Policy,
        state: &mut Unwritten,
        input: Input<'_>,
        effects: &mut Effects,
    ) {
        Engagement::step(turn, policy, &mut state.0, input, effects);
    }
}

/// A planner that looks at the wall for the time.
pub(super) struct Clocked;

impl Bend for Clocked {
    type Of = Engagement;
    type State = engagement::State;

    fn step(
        turn: &Turn<'_>,
        policy: &engagement::Policy,
        state: &mut Self::State,
        input: Input<'_>,
        effects: &mut Effects,
    ) {
        let now = turn.now.max(CLOCK.get());
        Engagement::step(&Turn { now, ..*turn }, policy, state, input, effects);
    }
}

/// A gate whose rules are the last that anybody has read, as from a file.
pub(super) struct RulesAside;

impl Bend for RulesAside {
    type Of = Supervisor;
    type State = supervisor::State;

    fn policy(text: &str) -> Result<supervisor::Policy, PolicyError> {
        let policy = Supervisor::policy(text)?;
        RULES.with_borrow_mut(|(texts, last)| {
            if !texts.iter().any(|known| known == text) {
                texts.push(text.to_owned());
                *last = Supervisor::policy(text).ok().map(Arc::new);
            }
        });
        Ok(policy)
    }

    fn step(
        turn: &Turn<'_>,
        policy: &supervisor::Policy,
        state: &mut Self::State,
        input: Input<'_>,
        effects: &mut Effects,
    ) {
        let last = RULES.with_borrow(|(_, last)| last.clone());
        Supervisor::step(turn, last.as_deref().unwrap_or(policy), state, input, effects);
    }
}

/// A scorer that forgets to save a count it goes by.
pub(super) struct HalfSaved;

/// A state with a count that is lost with the process.
#[derive(Default, Serialize, Deserialize)]
#[serde(bound = "")]
pub(super) struct Lossy {
    own: <Health as Agent>::State,
    #[serde(skip)]
    turns: u32,
    shown: u32,
}

impl Bend for HalfSaved {
    type Of = Health;
    type State = Lossy;

    fn step(
        turn: &Turn<'_>,
        policy: &<Health as Agent>::Policy,
        state: &mut Lossy,
        input: Input<'_>,
        effects: &mut Effects,
    ) {
        state.turns += 1;
        state.shown = state.turns;
        Health::step(turn, policy, &mut state.own, input, effects);
    }
}

/// A scorer that says at times what is not its to say.
pub(super) struct TooMuch;

impl Bend for TooMuch {
    type Of = Health;
    type State = <Health as Agent>::State;

    fn step(
        turn: &Turn<'_>,
        policy: &<Health as Agent>::Policy,
        state: &mut Self::State,
        input: Input<'_>,
        effects: &mut Effects,
    ) {
        Health::step(turn, policy, state, input, effects);
        if turn.cause.seq % 10 == 9 {
            let by = "nobody".to_owned();
            effects.emit(Data::TurnReleased(TurnReleased { agent: Health::NAME.into(), by }));
        }
    }
}

/// A planner that proposes everything twice.
struct Doubled;

impl Bend for Doubled {
    type Of = Engagement;
    type State = engagement::State;

    fn step(
        turn: &Turn<'_>,
        policy: &engagement::Policy,
        state: &mut Self::State,
        input: Input<'_>,
        effects: &mut Effects,
    ) {
        Engagement::step(turn, policy, state, input, effects);
        let mut again = Vec::new();
        for effect in effects.list() {
            if let Effect::Emit(fact) = effect
                && let Data::OutreachProposed(data) = &fact.data
            {
                again.push(Data::OutreachProposed(OutreachProposed {
                    proposal: format!("{}x", data.proposal),
                    ..data.clone()
                }));
            }
        }
        for data in again {
            effects.emit(data);
        }
    }
}

/// A gate that keeps both of two proposals for one cause.
struct Roomless;

impl Bend for Roomless {
    type Of = Supervisor;
    type State = supervisor::State;

    fn step(
        turn: &Turn<'_>,
        policy: &supervisor::Policy,
        state: &mut Self::State,
        input: Input<'_>,
        effects: &mut Effects,
    ) {
        let Input::Event(event) = input else {
            Supervisor::step(turn, policy, state, input, effects);
            return;
        };
        let mut event = event.clone();
        if let Data::OutreachProposed(data) = &mut event.data {
            data.play = format!("{}/{}", data.play, data.proposal);
        }
        Supervisor::step(turn, policy, state, Input::Event(&event), effects);
    }
}

/// A planner that words every open draft anew, once, with whatever comes next. (It is no bug: it makes a draft that a
/// person may have seen differ from the one that is there.)
pub(super) struct Redrafts;

/// A state with the draft that will be worded anew.
#[derive(Default, Serialize, Deserialize)]
#[serde(bound = "")]
pub(super) struct Drafts {
    own: engagement::State,
    last: Option<String>,
}

impl Bend for Redrafts {
    type Of = Engagement;
    type State = Drafts;

    fn step(turn: &Turn<'_>, policy: &engagement::Policy, state: &mut Drafts, input: Input<'_>, effects: &mut Effects) {
        Engagement::step(turn, policy, &mut state.own, input, effects);
        let before = state.last.take();
        let proposed = effects.list().iter().find_map(|effect| match effect {
            Effect::Emit(fact) => match &fact.data {
                Data::OutreachProposed(data) => Some(data.clone()),
                _ => None,
            },
            Effect::SetTimer { .. } | Effect::CancelTimer { .. } => None,
        });
        if let Some(proposed) = proposed {
            state.last = serde_json::to_string(&proposed).ok();
        } else if let Some(mut data) = before.and_then(|text| serde_json::from_str::<OutreachProposed>(&text).ok())
            && state.own.account().and_then(|own| own.open.get(&data.proposal)).is_some_and(|open| !open.approved)
        {
            data.version += 1;
            data.body.push_str("\n\nWorded anew.");
            data.draft_hash = agent::digest::draft_hash(&data.subject, &data.body);
            let contact = data.contact.clone();
            effects.emit_for(&contact, Data::OutreachProposed(data));
        }
    }
}
