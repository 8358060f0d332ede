//! The separate programs, and how each is told where to listen.

/// A program of its own.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Part {
    /// Router, gate, copies, publisher and clock.
    Supervisor,
    /// The onboarding agent.
    Onboarding,
    /// The escalation agent.
    Escalation,
    /// The health agent.
    Health,
    /// The churn agent.
    Churn,
    /// The renewal agent.
    Renewal,
    /// The expansion agent.
    Expansion,
    /// The advocacy agent.
    Advocacy,
    /// The engagement agent.
    Engagement,
    /// HTTP ingest.
    Gateway,
    /// Delivery.
    Courier,
    /// Pages and API.
    Console,
}

impl Part {
    /// All of them, in an order in which nobody waits long.
    pub const ALL: [Self; 12] = [
        Self::Supervisor,
        Self::Onboarding,
        Self::Escalation,
        Self::Health,
        Self::Churn,
        Self::Renewal,
        Self::Expansion,
        Self::Advocacy,
        Self::Engagement,
        Self::Gateway,
        Self::Courier,
        Self::Console,
    ];
    /// Those that fold the log.
    pub const FOLDS: [Self; 9] = [
        Self::Supervisor,
        Self::Onboarding,
        Self::Escalation,
        Self::Health,
        Self::Churn,
        Self::Renewal,
        Self::Expansion,
        Self::Advocacy,
        Self::Engagement,
    ];

    /// Its name: of its process, its log and its folder below `state`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Supervisor => "supervisor",
            Self::Onboarding => "onboarding",
            Self::Escalation => "escalation",
            Self::Health => "health",
            Self::Churn => "churn",
            Self::Renewal => "renewal",
            Self::Expansion => "expansion",
            Self::Advocacy => "advocacy",
            Self::Engagement => "engagement",
            Self::Gateway => "gateway",
            Self::Courier => "courier",
            Self::Console => "console",
        }
    }

    /// The name of its program.
    pub const fn binary(self) -> &'static str {
        match self {
            Self::Supervisor => "mainstay-supervisor",
            Self::Onboarding => "mainstay-onboarding",
            Self::Escalation => "mainstay-escalation",
            Self::Health => "mainstay-health",
            Self::Churn => "mainstay-churn",
            Self::Renewal => "mainstay-renewal",
            Self::Expansion => "mainstay-expansion",
            Self::Advocacy => "mainstay-advocacy",
            Self::Engagement => "mainstay-engagement",
            Self::Gateway => "mainstay-gateway",
            Self::Courier => "mainstay-courier",
            Self::Console => "mainstay-console",
        }
    }

    /// The setting that names its address; the courier has no port.
    pub(crate) const fn listens_by(self) -> Option<&'static str> {
        match self {
            Self::Supervisor
            | Self::Onboarding
            | Self::Escalation
            | Self::Health
            | Self::Churn
            | Self::Renewal
            | Self::Expansion
            | Self::Advocacy
            | Self::Engagement => Some("MAINSTAY_AGENT"),
            Self::Gateway => Some("MAINSTAY_GATEWAY"),
            Self::Console => Some("MAINSTAY_CONSOLE"),
            Self::Courier => None,
        }
    }

    /// Whether it folds the log and says so on its port.
    pub fn is_fold(self) -> bool {
        Self::FOLDS.contains(&self)
    }
}
