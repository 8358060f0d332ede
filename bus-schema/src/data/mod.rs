//! Typed data of every kind.
//!
//! One table makes the closed enums [`Kind`] and [`Data`], their codes and names. A code is never reused: a kind that
//! goes away leaves a hole.

pub mod account;
pub mod facts;

use serde_json::value::RawValue;

use crate::Origin;

macro_rules! kinds {
    ($( $code:literal $name:literal $variant:ident($data:ty) $origin:expr, [$($personal:literal),*]; )+) => {
        /// A kind of event. Its code stands in the packing index.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[expect(missing_docs, reason = "each variant is named after its kind, which the table documents")]
        pub enum Kind { $( $variant = $code, )+ }

        /// The data of an event, one variant per kind.
        #[derive(Clone, PartialEq, Debug)]
        #[expect(missing_docs, reason = "each variant is named after its kind, which the table documents")]
        pub enum Data { $( $variant($data), )+ }

        impl Kind {
            /// Every kind, in the order of the table.
            pub const ALL: &'static [Self] = &[ $( Self::$variant, )+ ];

            /// The number in the packing index.
            pub const fn code(self) -> u16 { self as u16 }

            /// The name on the bus, `noun.past_verb`.
            pub const fn name(self) -> &'static str {
                match self { $( Self::$variant => $name, )+ }
            }

            /// Who brings it into the log.
            pub const fn origin(self) -> Origin {
                match self { $( Self::$variant => $origin, )+ }
            }

            /// Names of the fields of its data that are personal, beyond those its schema does not know.
            pub const fn personal(self) -> &'static [&'static str] {
                match self { $( Self::$variant => &[$($personal),*], )+ }
            }

            /// The kind of a name.
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $( $name => Some(Self::$variant), )+ _ => None }
            }

            /// The kind of a code.
            pub const fn from_code(code: u16) -> Option<Self> {
                match code { $( $code => Some(Self::$variant), )+ _ => None }
            }

            /// The JSON Schema of its data as folds see it.
            pub(crate) fn data_schema(self, generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                match self { $( Self::$variant => generator.subschema_for::<$data>(), )+ }
            }
        }

        impl Data {
            /// The kind it belongs to.
            pub const fn kind(&self) -> Kind {
                match self { $( Self::$variant(_) => Kind::$variant, )+ }
            }

            /// Reads the data of a kind; fields it does not know are ignored.
            ///
            /// # Errors
            /// Missing or ill-typed fields.
            pub fn from_json(kind: Kind, json: &str) -> Result<Self, serde_json::Error> {
                match kind { $( Kind::$variant => serde_json::from_str(json).map(Self::$variant), )+ }
            }

            /// The data as raw JSON.
            pub fn to_raw(&self) -> Box<RawValue> {
                let raw = match self { $( Self::$variant(data) => serde_json::value::to_raw_value(data), )+ };
                raw.unwrap_or_else(|_| RawValue::NULL.to_owned())
            }
        }
    };
}

use facts::*;

use Origin::{Action, Agent, AnyAgent, Input, People, Router};

kinds! {
    // Inputs: 1 to 499. From product systems, by way of the door.
    1 "account.created" AccountCreated(account::AccountCreated) Input, ["name"];

    // People: 500 to 599. What a person says, signed.


    // Facts: 600 and up. Each has one emitter.
    600 "clock.ticked" ClockTicked(ClockTicked) Router, [];
}
