//! What happens in a history, as plain data.
//!
//! Every number is taken modulo what is there when its moment comes, and an action that does not apply then does
//! nothing: whatever is left of a plan is a plan.

use serde::{Deserialize, Serialize};

/// A history: everything else follows from it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Plan {
    /// Seed of what the world itself draws: delays of the bus and the mail server, ids.
    pub seed: u64,
    /// How big the world is.
    pub shape: Shape,
    /// What happens, in order of time.
    pub actions: Vec<Step>,
}

/// How big the world is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Shape {
    /// Partitions of the log, 1 to 4.
    pub partitions: u8,
    /// Accounts, from 1.
    pub accounts: u8,
    /// Contacts of each account, from 1.
    pub contacts: u8,
    /// Longest virtual delay of one operation on the bus.
    pub delay_ms_max: u16,
    /// Virtual time between two checkpoints of the agents.
    pub checkpoint_ms: u32,
    /// How long the gate holds an approval.
    pub hold_seconds: u16,
    /// Virtual time between the last action and the end of all faults.
    pub rest_ms: u64,
}

/// Virtual time from the first start of the system to the first step: the accounts become known.
pub const PRELUDE_MS: u64 = 8_000;

/// Something that happens at a moment.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Step {
    /// Virtual time since the end of the prelude.
    pub at_ms: u64,
    /// What happens.
    pub action: Action,
}

/// A process of the system. Two of each may run at once.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Process {
    /// The supervisor's shell: router, copies, gate, publisher, clock.
    Router,
    /// The runtime of the other agents.
    Agents,
    /// The courier.
    Courier,
}

/// What a producer says of an account.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum What {
    /// Somebody worked.
    LoggedIn {
        /// Who.
        contact: u8,
    },
    /// Support goes well: a ticket with the best rating.
    SupportGood,
    /// Support goes badly: an urgent ticket with the worst rating. Enough of these turn a green account red.
    SupportBad,
    /// An invoice could not be collected.
    PaymentFailed {
        /// Which invoice.
        invoice: u8,
    },
    /// An invoice was paid.
    PaymentSucceeded {
        /// Which invoice.
        invoice: u8,
    },
    /// A competitor was named.
    Competitor,
    /// A contact left.
    ContactLeft {
        /// Who.
        contact: u8,
    },
    /// A contact gives or takes back consent to mail.
    Consent {
        /// Who.
        contact: u8,
        /// Whether mail is allowed.
        granted: bool,
    },
    /// The account's yearly value changed.
    Revalued {
        /// In thousands.
        thousands: u8,
    },
    /// The account left.
    Churned,
    /// The account came back.
    WonBack,
    /// Something no door lets through.
    Nonsense,
}

/// Subjects a fault is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Subjects {
    /// What producers and the clock send.
    In,
    /// What the router appends.
    LogIn,
    /// The copies in the log.
    Copies,
    /// What the gate says.
    Gate,
    /// What the other agents say.
    Facts,
    /// What people say.
    People,
    /// Approvals, intents and outcomes.
    Action,
}

/// What damages a store.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Damage {
    /// The last rows, in order of keys, are gone.
    Lose {
        /// How many.
        rows: u8,
    },
    /// A bit of one value is the other way.
    Flip {
        /// Which row.
        row: u16,
        /// Which bit.
        bit: u16,
    },
}

/// What the mail server does with an attempt.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Mail {
    /// It takes the message.
    Accept,
    /// Nobody answers before the message is handed over.
    RefuseBefore,
    /// The connection breaks in the middle of the message.
    RefuseAfter,
    /// It says no for now.
    Temporary,
    /// It says no for good.
    Permanent,
    /// It takes the message and its answer is lost.
    LoseAnswer,
    /// It loses the message and gives no answer.
    LoseBoth,
    /// It takes the message, late.
    Slow {
        /// How late.
        ms: u32,
    },
}

/// What a person wants.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Verdict {
    /// Send it as it is.
    Approve,
    /// Send it in other words.
    Edit,
    /// Do not send it.
    Reject,
}

/// How fresh what a person looks at is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Sight {
    /// The page is of now.
    Fresh,
    /// The page stood open since before the last change, and the form says so.
    Stale,
}

/// A change of a policy.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Change {
    /// The same with other thresholds.
    Stricter,
    /// Back to the first.
    Looser,
    /// A text that cannot be used.
    Broken,
}

/// An agent with a policy.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Agent {
    /// Onboarding.
    Onboarding,
    /// Escalation.
    Escalation,
    /// Health.
    Health,
    /// Churn.
    Churn,
    /// Renewal.
    Renewal,
    /// Expansion.
    Expansion,
    /// Advocacy.
    Advocacy,
    /// Engagement.
    Engagement,
    /// The supervisor.
    Supervisor,
}

impl Agent {
    /// All of them, in the order of the topology.
    pub const ALL: [Self; 9] = [
        Self::Onboarding,
        Self::Escalation,
        Self::Health,
        Self::Churn,
        Self::Renewal,
        Self::Expansion,
        Self::Advocacy,
        Self::Engagement,
        Self::Supervisor,
    ];
}

/// One thing that happens.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Action {
    /// A producer says something; it says it again, with the same id, until it is acknowledged.
    Publish {
        /// Of which account.
        account: u8,
        /// What.
        what: What,
    },
    /// As [`Action::Publish`], of something that happened before.
    PublishLate {
        /// Of which account.
        account: u8,
        /// What.
        what: What,
        /// How long ago.
        ms: u64,
    },
    /// As [`Action::Publish`], of something that is said to happen later.
    PublishFuture {
        /// Of which account.
        account: u8,
        /// What.
        what: What,
        /// How much later.
        ms: u64,
    },
    /// A producer says again, byte for byte, what it said.
    PublishAgain {
        /// Which of its messages.
        nth: u16,
    },
    /// kill −9.
    Kill {
        /// Which.
        process: Process,
        /// Which of those that run.
        replica: u8,
    },
    /// Stops a process, which goes on later as if nothing had been: a zombie when another took its place.
    Freeze {
        /// Which.
        process: Process,
        /// Which of those that run.
        replica: u8,
        /// For how long.
        ms: u32,
    },
    /// Starts one, beside another of its kind where one runs.
    Start {
        /// Which.
        process: Process,
    },
    /// The stores of a process are gone at its next start.
    WipeStore {
        /// Whose.
        process: Process,
    },
    /// Keeps a copy of the stores of a process.
    KeepStore {
        /// Whose.
        process: Process,
    },
    /// The stores of a process are those kept last at its next start.
    RollBackStore {
        /// Whose.
        process: Process,
    },
    /// The stores of a process are damaged at its next start.
    DamageStore {
        /// Whose.
        process: Process,
        /// How.
        damage: Damage,
    },
    /// Nobody reaches the bus.
    BusAway {
        /// For how long.
        ms: u32,
    },
    /// The next publish is stored, its acknowledgement lost.
    LoseAck {
        /// On which subjects.
        subjects: Subjects,
    },
    /// The next publish is lost.
    LoseMessage {
        /// On which subjects.
        subjects: Subjects,
    },
    /// The next publish is stored later than its sender waits.
    DelayPublish {
        /// On which subjects.
        subjects: Subjects,
        /// How much later.
        ms: u32,
    },
    /// The next publish arrives twice.
    Duplicate {
        /// On which subjects.
        subjects: Subjects,
    },
    /// The clock of one machine jumps.
    ClockJump {
        /// Whose.
        process: Process,
        /// By how much.
        ms: i64,
    },
    /// Time passes everywhere with nothing running: the machine slept. An operator accepts the step of the log's clock.
    PassTime {
        /// How much.
        ms: u64,
    },
    /// What the mail server does with the next attempts.
    Mail {
        /// What.
        mail: Mail,
        /// With how many.
        attempts: u8,
    },
    /// A person decides.
    Decide {
        /// Who.
        person: u8,
        /// Which of the cards that are open to them.
        card: u8,
        /// What they want.
        verdict: Verdict,
        /// How old the page before them is.
        sight: Sight,
    },
    /// Two persons decide on one card at once.
    DecideTogether {
        /// Which of the cards that are open.
        card: u8,
        /// What the first wants.
        first: Verdict,
        /// What the second wants.
        second: Verdict,
    },
    /// A person takes an approval back.
    Withdraw {
        /// Who.
        person: u8,
        /// Which of the approvals that are held.
        card: u8,
    },
    /// A customer follows the link in a mail.
    Unsubscribe {
        /// Of which account.
        account: u8,
        /// Which contact.
        contact: u8,
    },
    /// A person stops everything, or one play.
    KillSwitch {
        /// Which of the plays; none means all.
        play: Option<u8>,
    },
    /// A person publishes a policy.
    PublishPolicy {
        /// Whose.
        agent: Agent,
        /// What changes.
        change: Change,
    },
    /// Everything but the couriers is stopped, every store wiped, and everything folded again from the start of the log.
    Replay,
}
