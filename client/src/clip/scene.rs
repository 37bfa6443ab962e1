//! The picture: dawn over wooded hills, seen by a camera that slides slowly from side to side, and
//! a small test chart.

use super::noise::{hash, rough};
use super::plate::{Color, Plate, brighten, mix, ramp, rgb};
use std::f64::consts::TAU;

/// Centre of the sun, as shares of the picture's width and height.
const SUN: (f64, f64) = (0.64, 0.47);

/// A layer and its position on the picture.
pub(super) struct Layer {
    pub(super) name: &'static str,
    pub(super) plate: Plate,
    /// Left edge in pixels, as an expression on the picture's number `n`.
    pub(super) x: String,
    /// Top edge in pixels, as such an expression.
    pub(super) y: String,
    /// Condition under which the layer is shown, as such an expression; empty if it is always
    /// shown.
    pub(super) enable: String,
}

/// One range of hills.
struct Hills {
    name: &'static str,
    /// Height of the crest from the top, share of the picture's height.
    crest: f64,
    /// Height of the hills, share of the picture's height.
    rise: f64,
    /// Number of hills across the picture.
    count: f64,
    near: Color,
    haze: Color,
    /// Height of trees on the crest, share of the picture's height; 0 for none.
    trees: f64,
    /// Distance by which the camera's slide moves the range, share of the picture's width.
    slide: f64,
    seed: u64,
}

const RANGES: [Hills; 5] = [
    Hills {
        name: "ridge",
        crest: 0.50,
        rise: 0.17,
        count: 3.0,
        near: rgb(0x8a86a6),
        haze: rgb(0xd9a99a),
        trees: 0.0,
        slide: 0.004,
        seed: 11,
    },
    Hills {
        name: "range",
        crest: 0.58,
        rise: 0.14,
        count: 4.0,
        near: rgb(0x62688c),
        haze: rgb(0xb9979d),
        trees: 0.004,
        slide: 0.008,
        seed: 23,
    },
    Hills {
        name: "hills",
        crest: 0.66,
        rise: 0.12,
        count: 3.0,
        near: rgb(0x3d4a6a),
        haze: rgb(0x8b8198),
        trees: 0.016,
        slide: 0.016,
        seed: 37,
    },
    Hills {
        name: "woods",
        crest: 0.76,
        rise: 0.10,
        count: 2.5,
        near: rgb(0x1e2c43),
        haze: rgb(0x56597a),
        trees: 0.050,
        slide: 0.032,
        seed: 53,
    },
    Hills {
        name: "trees",
        crest: 0.93,
        rise: 0.10,
        count: 2.0,
        near: rgb(0x070d17),
        haze: rgb(0x131d2e),
        trees: 0.170,
        slide: 0.060,
        seed: 71,
    },
];

/// Returns every layer from back to front. After `loop_frames` pictures all of them are back at
/// their first position.
pub(super) fn layers(width: u32, height: u32, loop_frames: u32) -> Vec<Layer> {
    let mut layers = vec![still("sky", sky(width, height), 0, 0)];
    let swing = format!("sin(2*PI*n/{loop_frames})");
    for (index, hills) in RANGES.iter().enumerate() {
        let bottom = RANGES.get(index + 1).map_or(1.0, foot_covered);
        let reach = (hills.slide * f64::from(width)).round() as u32;
        let top = top_of(hills, height);
        layers.push(Layer {
            name: hills.name,
            plate: paint_hills(hills, (width, height), bottom, reach),
            x: format!("round({reach}*({swing}-1))"),
            y: top.to_string(),
            enable: String::new(),
        });
        if hills.name == "range" {
            layers.extend(birds(width, height, loop_frames));
        }
    }
    let (chart, chart_width, chart_height) = chart(width);
    let margin = width / 80;
    layers.push(still(
        "chart",
        chart,
        width - chart_width - margin,
        height - chart_height - margin,
    ));
    layers
}

fn still(name: &'static str, plate: Plate, x: u32, y: u32) -> Layer {
    Layer {
        name,
        plate,
        x: x.to_string(),
        y: y.to_string(),
        enable: String::new(),
    }
}

fn sky(width: u32, height: u32) -> Plate {
    let (w, h) = (f64::from(width), f64::from(height));
    Plate::paint(width, height, |x, y| {
        let (u, v) = (x / w, y / h);
        let mut color = mix(rgb(0x172a4e), rgb(0x5d76a8), ramp(v, -0.1, 0.34));
        color = mix(color, rgb(0xe8a184), ramp(v, 0.16, 0.52));
        let distance = ((u - SUN.0) * w).hypot((v - SUN.1) * h) / w;
        color = mix(color, rgb(0xffd9a0), 0.75 * (-distance / 0.13).exp());
        color = mix(color, rgb(0xfff3dc), ramp(-distance, -0.0245, -0.0235));
        (mix(color, rgb(0xf6c6ae), cloud(u, v, w / h)), 1.0)
    })
}

/// Returns the share of cloud that covers a point of the sky: thin streaks, denser toward the
/// horizon.
fn cloud(u: f64, v: f64, aspect: f64) -> f64 {
    if v > 0.55 {
        return 0.0;
    }
    let streaks = rough(u * 3.0 * aspect, v * 22.0, 6, 5);
    let wisps = rough(u * 24.0, v * 90.0, 4, 9);
    let body = ramp(streaks + 0.12 * (wisps - 0.5), 0.5, 0.8);
    body * 0.6 * ramp(v, 0.02, 0.25) * (1.0 - ramp(v, 0.42, 0.55))
}

/// Returns the first row that a range can touch.
fn top_of(hills: &Hills, height: u32) -> u32 {
    let top = hills.crest - hills.rise - 1.3 * hills.trees;
    // Even, so that colour samples, which are shared by two rows, keep their places.
    ((top.max(0.0) * f64::from(height)) as u32) & !1
}

/// Returns the share of the picture's height below which a range hides everything behind it.
fn foot_covered(hills: &Hills) -> f64 {
    (hills.crest + hills.rise * 0.8 + 0.01).min(1.0)
}

fn paint_hills(hills: &Hills, (width, height): (u32, u32), bottom: f64, reach: u32) -> Plate {
    let (w, h) = (f64::from(width), f64::from(height));
    let top = top_of(hills, height);
    let rows = ((h * bottom) as u32).next_multiple_of(2).min(height) - top;
    let wide = (width + 2 * reach).next_multiple_of(2);
    let crests: Vec<f64> = (0..wide)
        .map(|x| crest_at(hills, (f64::from(x) + 0.5) / w, w / h))
        .collect();
    let forest = Forest::on(hills, f64::from(wide) / w, w, h);
    Plate::paint(wide, rows, |x, y| {
        let (u, v) = (x / w, (y + f64::from(top)) / h);
        let crest = crests[(x as usize).min(crests.len() - 1)];
        let ground = ramp((v - crest) * h, -0.7, 0.7);
        let cover = ground.max(forest.cover(u, v));
        if cover == 0.0 {
            return (hills.near, 0.0);
        }
        let depth = ramp(v - crest, 0.0, 0.22);
        let light = 0.05 * (rough(u * 60.0, v * 60.0, 5, hills.seed) - 0.5);
        (
            mix(brighten(hills.near, light), hills.haze, depth * 0.9),
            cover,
        )
    })
}

fn crest_at(hills: &Hills, u: f64, aspect: f64) -> f64 {
    let shape = rough(u * hills.count, 0.5, 7, hills.seed);
    let fine = rough(u * hills.count * 40.0 * aspect, 0.5, 3, hills.seed + 100);
    hills.crest - hills.rise * (shape - 0.5) * 1.6 - 0.004 * fine
}

/// A spruce: a column that tapers, with branches that hang in tiers.
struct Tree {
    /// Share of the picture's width.
    stem: f64,
    /// Shares of the picture's height.
    top: f64,
    grown: f64,
    tiers: f64,
    offset: f64,
}

/// Spruces along a crest, spaced evenly with some variation.
struct Forest {
    trees: Vec<Tree>,
    spacing: f64,
    size: (f64, f64),
    seed: u64,
}

impl Forest {
    fn on(hills: &Hills, wide: f64, w: f64, h: f64) -> Self {
        let spacing = hills.trees * h / w * 0.22;
        let count = if spacing > 0.0 {
            (wide / spacing) as i64 + 3
        } else {
            0
        };
        let plant = |tree: i64| {
            let pick = |seed| hash(tree, 0, hills.seed + seed);
            let grown = hills.trees * (0.35 + 0.75 * pick(1) * pick(2));
            let stem = (tree as f64 + 0.2 + 0.6 * pick(3)) * spacing;
            Tree {
                stem,
                top: crest_at(hills, stem, w / h) + 0.004 - grown,
                grown,
                tiers: 9.0 + 5.0 * pick(4),
                offset: 0.35 * pick(5),
            }
        };
        Self {
            trees: (0..count).map(plant).collect(),
            spacing,
            size: (w, h),
            seed: hills.seed,
        }
    }

    /// Returns the share by which the trees near a point cover it.
    fn cover(&self, u: f64, v: f64) -> f64 {
        if self.trees.is_empty() {
            return 0.0;
        }
        let middle = (u / self.spacing) as usize;
        let near = middle.saturating_sub(2)..(middle + 3).min(self.trees.len());
        let covers = self.trees[near].iter().map(|tree| self.one(tree, u, v));
        covers.fold(0.0, f64::max)
    }

    fn one(&self, tree: &Tree, u: f64, v: f64) -> f64 {
        let (w, h) = self.size;
        let down = (v - tree.top) / tree.grown;
        let side = (u - tree.stem) * w / (tree.grown * h);
        if !(0.0..=1.05).contains(&down) || side.abs() > 0.3 {
            return 0.0;
        }
        let hang = (down * tree.tiers + tree.offset).fract();
        let grain = hash((u * w * 0.7) as i64, (v * h * 0.7) as i64, self.seed);
        let needles = 0.25 * (grain - 0.5);
        let half = down.powf(0.8) * 0.2 * (0.55 + 0.45 * hang + needles) + 0.006;
        let edge = 0.8 / (tree.grown * h);
        ramp(half - side.abs(), -edge, edge)
    }
}

/// Returns a small flock that crosses the picture once a loop, wings up and wings down in turn.
fn birds(width: u32, height: u32, loop_frames: u32) -> [Layer; 2] {
    let (wide, high) = ((width / 12) & !1, (width / 30) & !1);
    let flight = format!("round(-{wide}+({width}+{wide})*n/{loop_frames})");
    let sway = height / 60;
    let level = height / 5;
    let y = format!("round({level}-{sway}*sin(2*PI*n/{loop_frames}*3))");
    let layer = |name, lift, enable: &str| Layer {
        name,
        plate: flock(wide, high, lift),
        x: flight.clone(),
        y: y.clone(),
        enable: enable.to_owned(),
    };
    [
        layer("birds-up", 1.0, "lt(mod(n,10),5)"),
        layer("birds-down", -0.55, "gte(mod(n,10),5)"),
    ]
}

fn flock(width: u32, height: u32, lift: f64) -> Plate {
    const BIRDS: [(f64, f64, f64); 6] = [
        (0.88, 0.50, 1.0),
        (0.72, 0.34, 0.9),
        (0.70, 0.66, 0.85),
        (0.54, 0.22, 0.8),
        (0.50, 0.78, 0.75),
        (0.30, 0.14, 0.7),
    ];
    let h = f64::from(height);
    Plate::paint(width, height, |x, y| {
        let cover = BIRDS.iter().map(|&(at, level, size)| {
            let span = 0.13 * h * size;
            let (dx, dy) = (x - at * f64::from(width), y - level * h);
            let wing = dx.abs() / span;
            let line = -lift * span * 0.55 * (wing - 0.55 * wing * wing);
            let thick = span * 0.10 * (1.0 - wing).max(0.0) + 0.4;
            if wing > 1.0 {
                0.0
            } else {
                ramp(thick - (dy - line).abs(), -0.7, 0.7)
            }
        });
        (rgb(0x27304a), 0.9 * cover.fold(0.0, f64::max))
    })
}

/// Returns the chart with its width and height: grey steps, colour bars, a focus star and line
/// pairs, on a dark panel.
fn chart(width: u32) -> (Plate, u32, u32) {
    let cell = f64::from(width) / 160.0;
    let (wide, high) = ((cell * 36.0) as u32 & !1, (cell * 8.0) as u32 & !1);
    let plate = Plate::paint(wide, high, |x, y| {
        let (u, v) = (x / cell, y / cell);
        chart_pixel(u, v, x).map_or((rgb(0x0b0f17), 0.72), |color| (color, 1.0))
    });
    (plate, wide, high)
}

/// Returns the colour at a point of the chart; `u` and `v` count cells, `x` pixels.
fn chart_pixel(u: f64, v: f64, x: f64) -> Option<Color> {
    const BARS: [u32; 8] = [
        0xbfbfbf, 0xbfbf00, 0x00bfbf, 0x00bf00, 0xbf00bf, 0xbf0000, 0x0000bf, 0x101010,
    ];
    let bars = (1.0..25.0).contains(&u);
    if bars && (1.0..4.0).contains(&v) {
        let step = ((u - 1.0) * 11.0 / 24.0).floor() / 10.0;
        return Some([step; 3]);
    }
    if bars && (4.0..6.0).contains(&v) {
        return Some(rgb(BARS[((u - 1.0) / 3.0) as usize]));
    }
    if bars && (6.0..7.0).contains(&v) {
        // Line pairs one, two and four pixels wide.
        let wide = [1.0, 2.0, 4.0][((u - 1.0) / 8.0) as usize];
        let on = (x / wide) as i64 % 2 == 0;
        return Some(if on { rgb(0xe6e6e6) } else { rgb(0x1a1a1a) });
    }
    star(u - 30.5, v - 4.0)
}

/// Returns the colour at a point of a Siemens star of 36 spokes and about three cells in radius;
/// the coordinates count cells from its centre.
fn star(x: f64, y: f64) -> Option<Color> {
    let (radius, angle) = (x.hypot(y), y.atan2(x));
    if radius > 3.2 {
        return None;
    }
    let wave = (angle * 36.0).sin() * radius * TAU;
    let share = if radius > 3.0 {
        1.0
    } else {
        ramp(wave, -0.25, 0.25)
    };
    Some(mix(rgb(0x141414), rgb(0xebebeb), share))
}
