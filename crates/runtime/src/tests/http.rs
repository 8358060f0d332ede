use std::{collections::BTreeMap, net::SocketAddr, sync::Arc};

use bus_schema::Partition;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::{
    http::Server,
    testing::{accounts, config, memory, policies, start, told, write},
};

async fn get(address: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn a_separate_agent_shows_whether_it_lives_is_ready_and_how_it_is() {
    let (dir, (_, bus)) = (tempfile::tempdir().unwrap(), memory());
    let entity = accounts(Partition(0)).next().unwrap();
    write(&bus, Partition(0), &policies()).await;
    let runtime = start(config(dir.path()), &bus).await;
    let last = write(&bus, Partition(0), &[told(&entity, 1, "count")]).await;
    runtime.idle(&BTreeMap::from([(Partition(0), last)])).await.unwrap();

    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
    let rendered = recorder.handle();
    metrics::set_global_recorder(recorder).unwrap();
    let server = Server::bind(([127, 0, 0, 1], 0).into()).await.unwrap();
    let address = server.address().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let stopped = async move { drop(stopped.await) };
    let serving = tokio::spawn(server.serve(runtime.clone(), Arc::new(move || rendered.render()), stopped));

    assert!(get(address, "/healthz").await.starts_with("HTTP/1.1 200"));
    assert!(get(address, "/readyz").await.starts_with("HTTP/1.1 200"));
    let metrics = get(address, "/metrics").await;
    assert!(metrics.contains(r#"mainstay_turns_total{agent="puppet",partition="00"} 1"#), "{metrics}");
    let status = get(address, "/status").await;
    assert!(status.contains(r#""agent":"listener""#), "{status}");

    let digest = get(address, "/digest").await;
    assert!(digest.contains(r#""agent":"puppet""#) && digest.contains(r#""sha256""#), "{digest}");
    let verified = get(address, "/verify").await;
    assert!(verified.contains(r#""equal":true"#) && !verified.contains(r#""equal":false"#), "{verified}");

    let taken = Server::bind(address).await.unwrap_err().to_string();
    assert!(taken.contains("MAINSTAY_AGENT"), "{taken}");

    write(&bus, Partition(0), &[told(&entity, 2, "forbid")]).await;
    runtime.failed().await;
    let ready = get(address, "/readyz").await;
    assert!(ready.starts_with("HTTP/1.1 503") && ready.contains("EMITS"), "{ready}");
    assert!(get(address, "/healthz").await.starts_with("HTTP/1.1 200"));
    drop(stop);
    serving.await.unwrap().unwrap();
}
