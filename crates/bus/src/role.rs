//! Who connects: one user per role, each in one account of the server.

use std::fmt;

use bus_schema::subject::BusAccount;

/// A role on the bus. No agent has one in account OUT.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Role {
    /// Creates the streams of BUS.
    Admin,
    /// Puts events on IN.
    Gateway,
    /// Routes IN into the log.
    Router,
    /// The supervisor's gate, in BUS.
    Gate,
    /// The agent of this name.
    Agent(&'static str),
    /// The console, which reads the log.
    Console,
    /// A person with a tool.
    Operator,
    /// Creates the streams of OUT.
    AdminOut,
    /// The supervisor's gate, in OUT.
    GateOut,
    /// The console, which writes what people say.
    ConsoleOut,
    /// Delivers what was approved.
    Courier,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 18] = [
        Self::Admin,
        Self::Gateway,
        Self::Router,
        Self::Gate,
        Self::Agent("onboarding"),
        Self::Agent("health"),
        Self::Agent("churn"),
        Self::Agent("expansion"),
        Self::Agent("engagement"),
        Self::Agent("escalation"),
        Self::Agent("renewal"),
        Self::Agent("advocacy"),
        Self::Console,
        Self::Operator,
        Self::AdminOut,
        Self::GateOut,
        Self::ConsoleOut,
        Self::Courier,
    ];

    /// The role's name: of its key file, its inbox and its connection.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Gateway => "gateway",
            Self::Router => "router",
            Self::Gate => "gate",
            Self::Agent(name) => name,
            Self::Console => "console",
            Self::Operator => "operator",
            Self::AdminOut => "admin_out",
            Self::GateOut => "gate_out",
            Self::ConsoleOut => "console_out",
            Self::Courier => "courier",
        }
    }

    /// The account its user is in.
    pub const fn account(self) -> BusAccount {
        match self {
            Self::Admin
            | Self::Gateway
            | Self::Router
            | Self::Gate
            | Self::Agent(_)
            | Self::Console
            | Self::Operator => BusAccount::Bus,
            Self::AdminOut | Self::GateOut | Self::ConsoleOut | Self::Courier => BusAccount::Out,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
