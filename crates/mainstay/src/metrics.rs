//! The process's metrics, in the form Prometheus reads.

use std::sync::{Arc, OnceLock};

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

static HANDLE: OnceLock<Option<PrometheusHandle>> = OnceLock::new();

/// Whoever serves `/metrics` asks this for the text. The recorder is installed by the first to ask.
pub(crate) fn text() -> Arc<dyn Fn() -> String + Send + Sync> {
    let handle = HANDLE.get_or_init(|| PrometheusBuilder::new().install_recorder().ok()).clone();
    Arc::new(move || handle.as_ref().map_or_else(String::new, PrometheusHandle::render))
}
