//! Rust source as paths (`std::time::Instant`), without comments, strings and test modules.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// A path as it is written; groups of `use` are unfolded.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct WrittenPath {
    pub(super) line: usize,
    pub(super) segments: Vec<String>,
}

impl WrittenPath {
    /// Returns whether `pattern` (`a::b`) occurs in this path as whole consecutive segments.
    pub(super) fn contains(&self, pattern: &str) -> bool {
        let pattern: Vec<&str> = pattern.split("::").collect();
        self.segments
            .windows(pattern.len())
            .any(|window| window == pattern)
    }
}

/// A name that `use` binds: `use a::{b as c}` binds `c` to `a::b`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Import {
    /// Bound name; `*` if all names are imported.
    pub(super) name: String,
    pub(super) segments: Vec<String>,
    /// Whether other modules can import the name from here: `pub use`, `pub(crate) use`.
    pub(super) public: bool,
}

/// Paths, imports and modules of one file.
#[derive(Debug, Default)]
pub(super) struct Code {
    /// All paths, including those of `use`.
    pub(super) paths: Vec<WrittenPath>,
    pub(super) imports: Vec<Import>,
    /// Names of modules in files of their own.
    pub(super) modules: Vec<String>,
    /// Names of such modules that are declared for tests only.
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
                TokenTree::Ident(ident) if ident == "use" => self.import(&tokens, at),
                TokenTree::Ident(ident) if ident == "mod" => self.module(&tokens, at + 1),
                TokenTree::Ident(_) => self.path(&tokens, at),
                TokenTree::Group(group) => {
                    self.walk(group.stream());
                    at + 1
                }
                _ => at + 1,
            };
        }
    }

    /// Reads `mod name;` and returns the position after the name. The body of an inline module is
    /// read as part of its surroundings.
    fn module(&mut self, tokens: &[TokenTree], name: usize) -> usize {
        if let (Some(TokenTree::Ident(ident)), Some(TokenTree::Punct(punct))) =
            (tokens.get(name), tokens.get(name + 1))
            && punct.as_char() == ';'
        {
            self.modules.push(ident.to_string());
        }
        name + 1
    }

    /// Reads `use ...;` and returns the position after it.
    fn import(&mut self, tokens: &[TokenTree], start: usize) -> usize {
        let public = match start.checked_sub(1).map(|before| &tokens[before]) {
            Some(TokenTree::Ident(ident)) => ident == "pub",
            Some(TokenTree::Group(group)) => group.delimiter() == Delimiter::Parenthesis,
            _ => false,
        };
        // `impl Trait + use<'a>` imports nothing.
        if matches!(tokens.get(start + 1), Some(TokenTree::Punct(punct)) if punct.as_char() == '<')
        {
            return start + 1;
        }
        let is_end =
            |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ';');
        let rest = &tokens[start + 1..];
        let tree = &rest[..rest.iter().position(is_end).unwrap_or(0)];
        self.tree(tree, &[], public);
        start + 1 + tree.len()
    }

    /// Reads a `use` tree: branches separated by commas.
    fn tree(&mut self, tokens: &[TokenTree], prefix: &[String], public: bool) {
        let is_comma =
            |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ',');
        for branch in tokens.split(is_comma).filter(|branch| !branch.is_empty()) {
            self.branch(branch, prefix, public);
        }
    }

    fn branch(&mut self, tokens: &[TokenTree], prefix: &[String], public: bool) {
        let mut segments = prefix.to_vec();
        let mut name = None;
        for (at, token) in tokens.iter().enumerate() {
            match token {
                TokenTree::Ident(ident) if ident == "as" => {
                    name = tokens.get(at + 1).map(ToString::to_string);
                    break;
                }
                // `a::{self}` binds `a`.
                TokenTree::Ident(ident) if ident == "self" && !prefix.is_empty() => {}
                TokenTree::Ident(ident) => segments.push(ident.to_string()),
                TokenTree::Punct(punct) if punct.as_char() == '*' => name = Some("*".to_owned()),
                TokenTree::Group(group) => {
                    let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                    self.tree(&inner, &segments, public);
                    return;
                }
                _ => {}
            }
        }
        let Some(last) = segments.last() else { return };
        self.paths.push(WrittenPath {
            line: tokens[0].span().start().line,
            segments: segments.clone(),
        });
        self.imports.push(Import {
            name: name.unwrap_or_else(|| last.clone()),
            segments,
            public,
        });
    }

    /// Skips the item to which an attribute belongs, up to its body or its semicolon.
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

    /// Reads `a::b::c` from `start` and returns the position after it.
    fn path(&mut self, tokens: &[TokenTree], start: usize) -> usize {
        let line = tokens[start].span().start().line;
        let mut segments = Vec::new();
        let mut at = start;
        while let Some(TokenTree::Ident(ident)) = tokens.get(at) {
            segments.push(ident.to_string());
            at += 1;
            if !is_path_separator(tokens, at) {
                break;
            }
            at += 2;
        }
        self.paths.push(WrittenPath { line, segments });
        at
    }
}

fn is_path_separator(tokens: &[TokenTree], at: usize) -> bool {
    let colon = |at: usize| matches!(tokens.get(at), Some(TokenTree::Punct(punct)) if punct.as_char() == ':');
    colon(at) && colon(at + 1)
}

/// Returns whether an attribute is `#[test]`, `#[cfg(test)]` or `#[cfg(any(test, ...))]`, but not
/// `#[cfg(not(test))]`.
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
