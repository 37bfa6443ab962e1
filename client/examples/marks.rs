//! Draws one mark of each sort into a room and prints the document's size, revision and hash. It
//! filled the folders of the store's tests, `signaling/store/tests/formats`:
//!
//! ```sh
//! cargo run -p fmz-client --example marks -- ws://127.0.0.1:7880/ws TOKEN FRAME
//! ```
//!
//! The marks lie on frames from FRAME on, of the first media that the document knows. The token
//! needs the grant `annotate`.

#![allow(clippy::print_stdout, reason = "what it says is its result")]

use fmz_annotation::Replica;
use fmz_client::{Client, Event, Events, Options};
use fmz_proto::points::{self, Delta};
use fmz_proto::v1::{self, Kind, op, property::Value};
use std::error::Error;

/// Frames a second of the film on which the stamps stand.
const RATE: i64 = 24;
/// Points of each part of the stroke.
const POINTS: i32 = 40;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let given: Vec<String> = std::env::args().skip(1).collect();
    let [url, token, frame] = &given[..] else {
        return Err("three arguments: URL TOKEN FRAME".into());
    };
    let mut options = Options::named("Ada");
    options.transport = false;
    let (client, mut events) = Client::connect(url, token, options).await?;
    // The author's number comes with the document.
    while client.edit(|replica| replica.next_id()).await?.is_none() {
        next(&mut events).await?;
    }
    let frame = frame.parse()?;
    client.edit(move |replica| draw(replica, frame)).await??;
    while client.edit(|replica| replica.pending_count()).await? > 0 {
        next(&mut events).await?;
    }
    let told = client.edit(|replica| {
        let document = replica.document();
        let (objects, revision) = (document.object_count(), document.revision());
        let hash = document.state_hash();
        format!("objects {objects}\nrevision {revision}\nstate_hash {hash:016x}")
    });
    println!("{}", told.await?);
    client.leave().await;
    Ok(())
}

async fn next(events: &mut Events) -> Result<Event, Box<dyn Error>> {
    events
        .next()
        .await
        .ok_or_else(|| "the session ended".into())
}

fn draw(replica: &mut Replica, frame: u32) -> Result<(), fmz_annotation::OpError> {
    let stroke = create(replica, Kind::Brush, frame, vec![Value::Color(0xff00_00ff)])?;
    for part in 0..2 {
        let points = (1..=POINTS).map(|at| Delta {
            x: 7 * at,
            y: 3 * at - 50 * part,
            pressure: at % 2,
        });
        let points = points::encode(&points.collect::<Vec<_>>(), true);
        let (id, points) = (Some(stroke), Some(points));
        submit(
            replica,
            op::Op::StrokeAppend(v1::StrokeAppend { id, points }),
        )?;
    }
    let id = Some(stroke);
    submit(
        replica,
        op::Op::StrokeEnd(v1::StrokeEnd {
            id,
            points: 0,
            hash: 0,
        }),
    )?;

    let corner = |x, y| v1::Point { x, y };
    let corners = vec![Value::Start(corner(10, 20)), Value::End(corner(4000, 3000))];
    let rectangle = create(replica, Kind::Rectangle, frame + 1, corners)?;
    let add = v1::Add {
        id: Some(rectangle),
        offset: Some(corner(-100, 250)),
    };
    submit(replica, op::Op::Add(add))?;
    let property = Some(v1::Property {
        value: Some(Value::Width(40)),
    });
    submit(
        replica,
        op::Op::Set(v1::Set {
            id: Some(rectangle),
            property,
        }),
    )?;

    let words = vec![
        Value::Start(corner(900, 900)),
        Value::Text("more contrast".into()),
    ];
    let text = create(replica, Kind::Text, frame + 2, words)?;
    let insert = v1::text_step::Step::Insert("a little ".into());
    let steps = vec![v1::TextStep { step: Some(insert) }];
    submit(
        replica,
        op::Op::TextEdit(v1::TextEdit {
            id: Some(text),
            steps,
        }),
    )?;

    let pin = create(
        replica,
        Kind::Pin,
        frame + 3,
        vec![Value::Text("the horizon tilts".into())],
    )?;
    let answer = vec![Value::Text("fixed in the next cut".into())];
    let reply = new(replica, Kind::Reply, frame + 3, answer, Some(pin))?;
    submit(replica, op::Op::Create(reply))?;
    let property = Some(v1::Property {
        value: Some(Value::Status(v1::Status::Resolved.into())),
    });
    submit(
        replica,
        op::Op::Set(v1::Set {
            id: Some(pin),
            property,
        }),
    )?;

    let gone = create(
        replica,
        Kind::Ellipse,
        frame + 4,
        vec![Value::End(corner(500, 500))],
    )?;
    submit(
        replica,
        op::Op::SetDeleted(v1::SetDeleted {
            ids: vec![gone],
            deleted: true,
        }),
    )?;
    create(
        replica,
        Kind::Arrow,
        frame + 5,
        vec![Value::Order(vec![1, 2].into())],
    )?;
    replica.undo();
    replica.redo();
    Ok(())
}

fn create(
    replica: &mut Replica,
    kind: Kind,
    frame: u32,
    values: Vec<Value>,
) -> Result<v1::ObjectId, fmz_annotation::OpError> {
    let create = new(replica, kind, frame, values, None)?;
    let id = create.id.expect("a new mark has an id");
    submit(replica, op::Op::Create(create))?;
    Ok(id)
}

fn new(
    replica: &Replica,
    kind: Kind,
    frame: u32,
    values: Vec<Value>,
    parent: Option<v1::ObjectId>,
) -> Result<v1::Create, fmz_annotation::OpError> {
    let id = replica.next_id().ok_or(fmz_annotation::OpError::NoAuthor)?;
    let media = replica.document().all_media().next();
    let stamp = v1::FrameStamp {
        media: media.map_or("", |media| &media.id).into(),
        publication: "p-1-1".into(),
        rtp_timestamp: i64::from(frame) * 90_000 / RATE,
        frame_index: Some(frame),
        epoch: 1,
        ..Default::default()
    };
    let properties = values
        .into_iter()
        .map(|value| v1::Property { value: Some(value) });
    Ok(v1::Create {
        id: Some((&id).into()),
        kind: kind.into(),
        frame: Some(stamp),
        properties: properties.collect(),
        parent,
    })
}

fn submit(replica: &mut Replica, op: op::Op) -> Result<(), fmz_annotation::OpError> {
    replica.submit(&[v1::Op { op: Some(op) }])
}
