//! HTTP ingest in the Segment form.
