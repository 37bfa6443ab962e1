//! Rust source as paths (`std::time::Instant`), without comments, strings and test modules.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// A path as written, `use` groups unfolded.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct WrittenPath {
    pub(super) line: usize,
    pub(super) segments: Vec<String>,
}

impl WrittenPath {
    /// Whether `pattern` (`a::b`) stands in this path as whole segments, one after the other.
    pub(super) fn contains(&self, pattern: &str) -> bool {
        let pattern: Vec<&str> = pattern.split("::").collect();
        self.segments
            .windows(pattern.len())
            .any(|window| window == pattern)
    }
}

/// What one file says.
#[derive(Debug, Default)]
pub(super) struct Code {
    pub(super) paths: Vec<WrittenPath>,
    /// Names of modules declared for tests only and kept in files of their own.
    pub(super) test_modules: Vec<String>,
}

impl Code {
    pub(super) fn read(source: &str) -> Result<Self, proc_macro2::LexError> {
        let mut code = Self::default();
        code.walk(source.parse::<TokenStream>()?);
        Ok(code)
    }

    fn walk(&mut self, stream: TokenStream) {
        let tokens: Vec<TokenTree> = stream.into_iter().collect();
        let mut at = 0;
        while at < tokens.len() {
            at = match &tokens[at] {
                TokenTree::Punct(punct) if punct.as_char() == '#' && is_for_tests(&tokens, at) => {
                    self.skip_item(&tokens, at + 2)
                }
                TokenTree::Ident(_) => self.path(&tokens, at, &[]),
                TokenTree::Group(group) => {
                    self.walk(group.stream());
                    at + 1
                }
                _ => at + 1,
            };
        }
    }

    /// Passes over what an attribute belongs to: up to its body or its semicolon.
    fn skip_item(&mut self, tokens: &[TokenTree], start: usize) -> usize {
        let mut names = Vec::new();
        for (at, token) in tokens.iter().enumerate().skip(start) {
            match token {
                TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => return at + 1,
                TokenTree::Ident(ident) => names.push(ident.to_string()),
                TokenTree::Punct(punct) if punct.as_char() == ';' => {
                    self.note_test_module(&names);
                    return at + 1;
                }
                _ => {}
            }
        }
        tokens.len()
    }

    fn note_test_module(&mut self, names: &[String]) {
        if let Some(at) = names.iter().position(|name| name == "mod") {
            self.test_modules.extend(names.get(at + 1).cloned());
        }
    }

    /// Reads `a::b::c` or `a::{b, c}` from `start` and gives the place behind it.
    fn path(&mut self, tokens: &[TokenTree], start: usize, prefix: &[String]) -> usize {
        let line = tokens[start].span().start().line;
        let mut segments = prefix.to_vec();
        let mut at = start;
        while let Some(TokenTree::Ident(ident)) = tokens.get(at) {
            segments.push(ident.to_string());
            at += 1;
            if !is_path_separator(tokens, at) {
                break;
            }
            at += 2;
            if let Some(TokenTree::Group(group)) = tokens.get(at)
                && group.delimiter() == Delimiter::Brace
            {
                self.group(group, &segments);
                return at + 1;
            }
        }
        self.paths.push(WrittenPath { line, segments });
        at
    }

    fn group(&mut self, group: &Group, prefix: &[String]) {
        let tokens: Vec<TokenTree> = group.stream().into_iter().collect();
        let mut at = 0;
        while at < tokens.len() {
            at = match &tokens[at] {
                TokenTree::Ident(_) => self.path(&tokens, at, prefix),
                _ => at + 1,
            };
        }
    }
}

fn is_path_separator(tokens: &[TokenTree], at: usize) -> bool {
    let colon = |at: usize| matches!(tokens.get(at), Some(TokenTree::Punct(punct)) if punct.as_char() == ':');
    colon(at) && colon(at + 1)
}

/// `#[test]`, `#[cfg(test)]`, `#[cfg(any(test, ...))]`, but not `#[cfg(not(test))]`.
fn is_for_tests(tokens: &[TokenTree], at: usize) -> bool {
    let Some(TokenTree::Group(attribute)) = tokens.get(at + 1) else {
        return false;
    };
    let mut names = Vec::new();
    idents(attribute.stream(), &mut names);
    let is_test = names
        .first()
        .is_some_and(|name| name == "cfg" || name == "test");
    is_test && names.iter().any(|name| name == "test") && !names.iter().any(|name| name == "not")
}

fn idents(stream: TokenStream, names: &mut Vec<String>) {
    for token in stream {
        match token {
            TokenTree::Ident(ident) => names.push(ident.to_string()),
            TokenTree::Group(group) => idents(group.stream(), names),
            _ => {}
        }
    }
}
