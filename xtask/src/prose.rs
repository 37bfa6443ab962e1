//! Counts habits that make doc comments and documents hard to read, and compares the counts with
//! bounds.

use crate::tidy::comments::{Language, too_wide};
use crate::tidy::files::{extension, files, text};
use anyhow::Result;
use std::path::Path;
use std::process::ExitCode;

/// Lines in 1,000 that may say "where" for "if".
const WHERE_PER_1000_MAX: f64 = 5.0;
/// Doc comments in 100 that may begin with a question word.
const QUESTIONS_PERCENT_MAX: f64 = 6.0;
/// Comment lines that may be too wide.
const WIDE_LINES_MAX: f64 = 0.0;

const QUESTION_WORDS: &[&str] = &[
    "how", "what", "when", "where", "whether", "which", "who", "whom", "whose", "why",
];

/// Words after which the word asks for a place: "knows where", "the place where".
const BEFORE_A_PLACE: &[&str] = &[
    "about", "exactly", "from", "know", "known", "knows", "of", "place", "places", "point",
    "points", "say", "says", "see", "sees", "show", "shows", "spot", "tell", "tells", "to",
];

/// Words at the end of a clause about a place: "where a record lies".
const OF_A_PLACE: &[&str] = &[
    "begin", "begins", "comes", "end", "ends", "go", "goes", "kept", "leads", "lie", "lies", "sit",
    "sits", "stand", "stands", "start", "starts", "stood",
];

/// A kind of text, counted.
#[derive(Debug, Default, PartialEq)]
struct Count {
    lines: usize,
    /// Comments; in a document, lines.
    openings: usize,
    questions: usize,
    wheres: usize,
}

impl Count {
    /// Adds a line; `opens` says that it is the first of its comment.
    fn add(&mut self, line: &str, opens: bool) {
        self.lines += 1;
        self.wheres += conditions(line);
        if opens {
            self.openings += 1;
            let first = line.split_whitespace().next().unwrap_or_default();
            self.questions += usize::from(is_one_of(QUESTION_WORDS, first));
        }
    }

    fn wheres_per_1000(&self) -> f64 {
        share(self.wheres, self.lines) * 1000.0
    }
}

/// Prints each count as name, value and unit, and reports the counts that are beyond their bounds.
#[allow(clippy::print_stdout, reason = "figures are this command's output")]
pub(crate) fn run(root: &Path) -> Result<ExitCode> {
    let (mut comments, mut pages, mut wide) = (Count::default(), Count::default(), 0);
    for path in files(root, root)? {
        let relative = path.strip_prefix(root).unwrap_or(&path);
        if extension(relative) == "md" {
            count_page(&text(&path)?, &mut pages);
        } else if let Some(language) = Language::of(relative) {
            let text = text(&path)?;
            wide += too_wide(language, &text).len();
            count_docs(&text, &mut comments);
        }
    }
    let questions = share(comments.questions, comments.openings) * 100.0;
    let figures = [
        (
            "prose_where_comments",
            comments.wheres_per_1000(),
            "per_1000_lines",
            WHERE_PER_1000_MAX,
        ),
        (
            "prose_where_pages",
            pages.wheres_per_1000(),
            "per_1000_lines",
            WHERE_PER_1000_MAX,
        ),
        (
            "prose_question_openings",
            questions,
            "percent",
            QUESTIONS_PERCENT_MAX,
        ),
        (
            "prose_wide_comments",
            share(wide, 1),
            "lines",
            WIDE_LINES_MAX,
        ),
    ];
    let mut kept = true;
    for (name, value, unit, bound) in figures {
        println!("{name} {value:.1} {unit}");
        if value > bound {
            kept = false;
            println!("{name} may be {bound} at most");
        }
    }
    Ok(if kept {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

#[expect(
    clippy::cast_precision_loss,
    reason = "lines of a tree are far below 2^52"
)]
fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole.max(1) as f64
}

/// Counts doc comments: `///`, `//!`, `/** */`.
fn count_docs(text: &str, count: &mut Count) {
    let (mut in_lines, mut in_block) = (false, false);
    // The first words of a block may stand below its `/**`.
    let mut opens = false;
    for line in text.lines().map(str::trim) {
        let rust = line
            .strip_prefix("///")
            .or_else(|| line.strip_prefix("//!"));
        if let Some(words) = rust {
            count.add(words, !in_lines);
        }
        in_lines = rust.is_some();
        if line.starts_with("/**") {
            (in_block, opens) = (true, true);
        }
        if in_block {
            let words = line.trim_matches(['/', '*', ' ']);
            if !words.is_empty() {
                count.add(words, std::mem::take(&mut opens));
            }
            in_block = !line.ends_with("*/");
        }
    }
}

/// Counts the lines of a document that hold prose: neither code nor empty.
fn count_page(text: &str, count: &mut Count) {
    let mut fenced = false;
    for line in text.lines().map(str::trim) {
        if line.starts_with("```") {
            fenced = !fenced;
        } else if !fenced && !line.is_empty() {
            count.add(line, false);
        }
    }
}

/// Counts the times that a line says "where" for something that reads like a condition.
fn conditions(line: &str) -> usize {
    let words: Vec<&str> = line.split_whitespace().collect();
    let is_where = |word: &str| bare(word).eq_ignore_ascii_case("where");
    let places = words.iter().enumerate().filter(|(_, word)| is_where(word));
    places.filter(|(at, _)| !is_a_place(&words, *at)).count()
}

/// Returns whether the word at a position asks for a place, as far as its neighbours show.
fn is_a_place(words: &[&str], at: usize) -> bool {
    if at > 0 && is_one_of(BEFORE_A_PLACE, words[at - 1]) {
        return true;
    }
    let ends_clause = |word: &str| word.ends_with([',', '.', ';', ':', ')']);
    let clause = words[at + 1..].iter().position(|word| ends_clause(word));
    let last = clause.map_or(words.len() - 1, |end| at + 1 + end);
    last > at && is_one_of(OF_A_PLACE, words[last])
}

fn is_one_of(list: &[&str], word: &str) -> bool {
    list.contains(&bare(word).to_lowercase().as_str())
}

fn bare(word: &str) -> &str {
    word.trim_matches(|letter: char| !letter.is_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn docs(text: &str) -> Count {
        let mut count = Count::default();
        count_docs(text, &mut count);
        count
    }

    #[test]
    fn conditions_are_told_from_places() {
        let cases = [
            ("`None` where the text has none.", 1),
            ("Where it is absent, and where it is not, nothing.", 2),
            ("Knows where to send.", 0),
            ("Where a record lies.", 0),
            ("The place where it was.", 0),
            ("nowhere, whereas", 0),
        ];
        for (line, expected) in cases {
            assert_eq!(conditions(line), expected, "{line}");
        }
    }

    #[test]
    fn comments_are_counted_by_their_first_word() {
        let text = "/// What it is.\n/// Where it is absent: none.\nfn f() {}\n\n/// Returns it.\nfn g() {}\n// What\n";
        let expected = Count {
            lines: 3,
            openings: 2,
            questions: 1,
            wheres: 1,
        };
        assert_eq!(docs(text), expected);
    }

    #[test]
    fn blocks_of_scripts_count_too() {
        let text = "/** Which one. */\nconst a = 1;\n/**\n * Gives it.\n * Why not.\n */\nfunction f() {}\n";
        let expected = Count {
            lines: 3,
            openings: 2,
            questions: 1,
            wheres: 0,
        };
        assert_eq!(docs(text), expected);
    }

    #[test]
    fn code_in_a_page_is_no_prose() {
        let mut count = Count::default();
        count_page("Where it fails.\n\n```sh\nwhere it is\n```\n", &mut count);
        assert_eq!((count.lines, count.wheres), (1, 1));
    }
}
