//! The filter graph that puts layers, marks, text and the frame code together.

use super::ClipSpec;
use super::scene::Layer;
use fmz_media::framecode::drawbox_filters;
use std::fmt::Write;
use std::path::Path;

/// Strength of the film grain: deviation of luma, in steps of 8 bits.
const GRAIN: u32 = 6;

/// Returns the filter graph. The layers are its inputs 0, 1, 2 …, in their order; its output is
/// `[picture]`.
pub(super) fn graph(spec: &ClipSpec, layers: &[Layer], font: &Path) -> String {
    let mut graph = "[0:v]format=yuv420p,loop=loop=-1:size=1[under0];".to_owned();
    for (index, layer) in layers.iter().enumerate().skip(1) {
        let under = index - 1;
        let Layer { x, y, enable, .. } = layer;
        let enable = match enable.as_str() {
            "" => String::new(),
            shown => format!(":enable='{shown}'"),
        };
        write!(
            graph,
            "[{index}:v]format=yuva420p[over{index}];\
             [under{under}][over{index}]overlay=x='{x}':y='{y}':eof_action=repeat{enable}[under{index}];"
        )
        .expect("strings take all");
    }
    let last = layers.len() - 1;
    let words = words(spec, font);
    let (marks, code) = (marks(spec), drawbox_filters(spec.width));
    write!(
        graph,
        "[under{last}]noise=c0s={GRAIN}:c0f=t:all_seed=7,{marks},{words},{code}[picture]"
    )
    .expect("strings take all");
    graph
}

/// Returns the filters that write the timecode at the bottom left and the film's size and rate at
/// the top right.
fn words(spec: &ClipSpec, font: &Path) -> String {
    let font = escaped(&font.to_string_lossy());
    let cell = spec.width / 160;
    let (large, small) = (cell * 5, cell * 2);
    let (margin, pad) = (cell * 2, cell);
    let rate = spec.rate;
    let ClipSpec { width, height, .. } = spec;
    let timecode = format!(
        "drawtext=fontfile={font}:timecode='01\\:00\\:00\\:00':rate={rate}:fontsize={large}\
         :fontcolor=white:box=1:boxcolor=0x0b0f17@0.72:boxborderw={pad}\
         :x={margin}+{pad}:y=h-{large}-{margin}"
    );
    let label = format!(
        "drawtext=fontfile={font}:text='fmz demo  {width}×{height}  {rate} fps':fontsize={small}\
         :fontcolor=white@0.75:shadowcolor=black@0.4:shadowx=1:shadowy=1:x=w-tw-{margin}:y={margin}"
    );
    format!("{timecode},{label}")
}

/// Returns the filters that draw thin marks: the corners of a frame inside the picture, clear of
/// timecode and chart, and a cross in the middle.
fn marks(spec: &ClipSpec) -> String {
    let (w, h) = (spec.width, spec.height);
    let (thick, arm) = ((w / 1920).max(1), w / 48);
    let (left, top) = (w * 3 / 25, h * 3 / 25);
    let (right, bottom) = (w - left, h - top);
    let mut boxes = Vec::new();
    for (x, inward_x) in [(left, left), (right - thick, right - arm)] {
        for (y, inward_y) in [(top, top), (bottom - thick, bottom - arm)] {
            boxes.push((inward_x, y, arm, thick));
            boxes.push((x, inward_y, thick, arm));
        }
    }
    let (gap, long) = (arm / 4, arm * 3 / 4);
    for start in [w / 2 - arm, w / 2 + gap] {
        boxes.push((start, h / 2, long, thick));
    }
    for start in [h / 2 - arm, h / 2 + gap] {
        boxes.push((w / 2, start, thick, long));
    }
    let draw = |(x, y, w, h): (u32, u32, u32, u32)| {
        format!("drawbox=x={x}:y={y}:w={w}:h={h}:color=white@0.4:t=fill")
    };
    boxes.into_iter().map(draw).collect::<Vec<_>>().join(",")
}

/// Escapes a value for the filter graph.
fn escaped(value: &str) -> String {
    let mut escaped = String::new();
    for letter in value.chars() {
        if matches!(letter, '\\' | '\'' | ':' | ',' | ';' | '[' | ']') {
            escaped.push_str("\\\\\\");
        }
        escaped.push(letter);
    }
    escaped
}
