//! JSON Schema of each kind and the AsyncAPI document, generated.
