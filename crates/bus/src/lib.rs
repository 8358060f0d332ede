//! The bus: JetStream and its memory twin.
