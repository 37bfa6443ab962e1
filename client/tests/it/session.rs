use crate::server::{Server, event, welcome, within};
use bytes::Bytes;
use fmz_client::{Client, ClientError, Event, Options};
use fmz_proto::Message as _;
use fmz_proto::v1::{self, client_message, server_message::Message};

/// Returns the options of a client without media: everything goes over the WebSocket.
fn plain() -> Options {
    let mut options = Options::named("Ada");
    options.transport = false;
    options
}

fn author_added(session_key: &Bytes) -> v1::CommittedBatch {
    let added = v1::AuthorAdded {
        author: 1,
        identity: "ada".into(),
        name: "Ada".into(),
        session_key: session_key.clone(),
    };
    committed(
        1,
        0,
        0,
        vec![v1::Op {
            op: Some(v1::op::Op::AuthorAdded(added)),
        }],
    )
}

fn committed(
    first_revision: u64,
    author: u32,
    client_seq: u64,
    ops: Vec<v1::Op>,
) -> v1::CommittedBatch {
    v1::CommittedBatch {
        state_hash: 0,
        first_revision,
        author,
        client_seq,
        committed_ms: 1,
        ops,
    }
}

fn news(batch: v1::CommittedBatch) -> Message {
    Message::Committed(v1::Committed {
        batches: vec![batch],
    })
}

fn snapshot(session_key: &Bytes) -> Message {
    let mut document = fmz_annotation::Document::new();
    document.apply(&author_added(session_key)).unwrap();
    Message::Snapshot(v1::Snapshot {
        revision: 1,
        part: document.snapshot().encode_to_vec().into(),
        last: true,
    })
}

async fn draw(client: &Client) {
    let drawn = client.edit(|replica| {
        let create = v1::Create {
            parent: None,
            id: Some((&replica.next_id().unwrap()).into()),
            kind: v1::Kind::Arrow.into(),
            frame: Some(v1::FrameStamp::default()),
            properties: Vec::new(),
        };
        replica.submit(&[v1::Op {
            op: Some(v1::op::Op::Create(create)),
        }])
    });
    drawn.await.unwrap().unwrap();
}

async fn loaded(events: &mut fmz_client::Events) {
    event(events, |event| {
        matches!(event, Event::DocumentLoaded).then_some(())
    })
    .await;
}

#[tokio::test]
async fn what_was_not_acknowledged_goes_again_after_a_break() {
    let server = Server::start().await;
    let mut key = Bytes::new();
    let (joined, mut line) = server
        .join(plain(), async |line, hello| {
            assert_eq!((hello.revision, hello.name.as_str()), (0, "Ada"));
            key = hello.session_key;
            line.say(welcome(0)).await;
            line.say(snapshot(&key)).await;
        })
        .await;
    let (client, mut events) = joined.unwrap();
    loaded(&mut events).await;
    draw(&client).await;
    let first = line.hear_ops().await;
    drop(line);

    event(&mut events, |event| {
        matches!(event, Event::Disconnected { .. }).then_some(())
    })
    .await;
    draw(&client).await;
    let (mut line, hello) = server.accept().await;
    assert_eq!((hello.revision, &hello.session_key), (1, &key));
    line.say(welcome(0)).await;
    assert_eq!(line.hear_ops().await, first);
    let second = line.hear_ops().await;
    assert_eq!((first.client_seq, second.client_seq), (1, 2));

    line.say(news(committed(2, 1, 1, first.ops))).await;
    line.say(news(committed(3, 1, 2, second.ops))).await;
    event(&mut events, |event| {
        matches!(event, Event::DocumentChanged(_)).then_some(())
    })
    .await;
    assert_eq!(client.objects().await.unwrap().objects.len(), 2);
}

#[tokio::test]
async fn an_acknowledged_batch_does_not_go_again() {
    let server = Server::start().await;
    let (joined, mut line) = server
        .join(plain(), async |line, hello| {
            line.say(welcome(0)).await;
            line.say(snapshot(&hello.session_key)).await;
        })
        .await;
    let (client, mut events) = joined.unwrap();
    loaded(&mut events).await;
    draw(&client).await;
    let first = line.hear_ops().await;
    // The server took it, but its answer was lost with the connection.
    drop(line);
    let (mut line, _) = server.accept().await;
    line.say(welcome(1)).await;
    line.say(news(committed(2, 1, 1, first.ops))).await;
    event(&mut events, |event| {
        matches!(event, Event::DocumentChanged(_)).then_some(())
    })
    .await;
    draw(&client).await;
    assert_eq!(line.hear_ops().await.client_seq, 2);
}

#[tokio::test]
async fn a_gap_asks_for_what_is_missing() {
    let server = Server::start().await;
    let (joined, mut line) = server
        .join(plain(), async |line, hello| {
            line.say(welcome(0)).await;
            line.say(snapshot(&hello.session_key)).await;
            line.say(news(committed(7, 2, 1, Vec::new()))).await;
        })
        .await;
    let _joined = joined.unwrap();
    let asked = line.hear().await;
    assert_eq!(
        asked,
        client_message::Message::Resync(v1::Resync {
            revision: 1,
            diverged: false
        })
    );
}

#[tokio::test]
async fn a_refusal_is_final_and_a_request_to_come_back_is_not() {
    let closing = |code: &str, retry| {
        Message::Closing(v1::Closing {
            code: code.into(),
            text: "words".into(),
            retry,
        })
    };
    let server = Server::start().await;
    let (refused, _line) = server
        .join(plain(), async |line, _| {
            line.say(closing("token_expired", false)).await
        })
        .await;
    let refused = refused.map(|_| ()).unwrap_err();
    assert!(matches!(&refused, ClientError::Closed { .. }));
    assert_eq!(refused.code(), "token_expired");

    let (joined, mut line) = server
        .join(plain(), async |line, _| line.say(welcome(0)).await)
        .await;
    let (client, mut events) = joined.unwrap();
    line.say(closing("restart", true)).await;
    let (mut line, _) = server.accept().await;
    line.say(welcome(0)).await;
    line.say(closing("removed", false)).await;
    let code = event(&mut events, |event| match event {
        Event::Ended { code, .. } => Some(code),
        _ => None,
    });
    assert_eq!(code.await, "removed");
    assert!(events.next().await.is_none());
    assert!(matches!(client.undo().await, Err(ClientError::Ended)));
}

#[tokio::test]
async fn leaving_says_so_and_closes() {
    let server = Server::start().await;
    let (joined, mut line) = server
        .join(plain(), async |line, _| line.say(welcome(0)).await)
        .await;
    let (client, mut events) = joined.unwrap();
    let leaving = tokio::spawn(client.leave());
    assert!(matches!(
        line.hear().await,
        client_message::Message::Leave(_)
    ));
    assert!(line.hear_close().await);
    within(leaving).await.unwrap();
    event(&mut events, |event| {
        matches!(event, Event::Ended { .. }).then_some(())
    })
    .await;
}

#[tokio::test]
async fn nobody_there_is_an_error() {
    let connecting = Client::connect("ws://127.0.0.1:1/ws", "token", plain());
    let refused = within(connecting).await.map(|_| ()).unwrap_err();
    assert_eq!(refused.code(), "connect");
}
