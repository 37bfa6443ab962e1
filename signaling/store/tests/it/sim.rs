//! Files in memory, and a power cut that leaves a part of them.
//!
//! Only synced things are durable: bytes of a file by a sync of the file, names by a sync of their
//! folder. Of everything else a cut keeps any part, sector by sector and name by name.

use fmz_store::{Files, ReadFile, WriteFile};
use rand::{RngExt, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;
use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    sync::{Arc, Mutex, MutexGuard},
};

const SECTOR: usize = 512;

/// One change, or a note of the test's.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Step<N> {
    Create(String),
    Append(usize, Vec<u8>),
    Sync(usize),
    Truncate(String, usize),
    Rename(String, String),
    Remove(String),
    CreateFolder(String),
    SyncFolder(String),
    Note(N),
}

#[derive(Debug, Clone, Default)]
struct Inode {
    durable: Vec<u8>,
    now: Vec<u8>,
}

/// A change of a name that is not durable; `None` takes the name away.
type Change = Vec<(String, Option<usize>)>;

/// All files, as they are and as they are durable.
#[derive(Debug, Clone, Default)]
pub(crate) struct Model {
    inodes: Vec<Inode>,
    now: BTreeMap<String, usize>,
    durable: BTreeMap<String, usize>,
    changes: Vec<Change>,
    folders: BTreeSet<String>,
    durable_folders: BTreeSet<String>,
}

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

impl Model {
    pub(crate) fn step<N>(&mut self, step: &Step<N>) {
        match step {
            Step::Create(path) => {
                self.inodes.push(Inode::default());
                self.rename(vec![(path.clone(), Some(self.inodes.len() - 1))]);
            }
            Step::Append(inode, bytes) => self.inodes[*inode].now.extend(bytes),
            Step::Sync(inode) => self.inodes[*inode].durable = self.inodes[*inode].now.clone(),
            Step::Truncate(path, bytes) => {
                let inode = &mut self.inodes[self.now[path]];
                inode.now.truncate(*bytes);
                inode.durable = inode.now.clone();
            }
            Step::Rename(from, to) => {
                let inode = self.now[from];
                self.rename(vec![(from.clone(), None), (to.clone(), Some(inode))]);
            }
            Step::Remove(path) => self.rename(vec![(path.clone(), None)]),
            Step::CreateFolder(folder) => {
                let mut folder = folder.as_str();
                while !folder.is_empty() {
                    self.folders.insert(folder.to_owned());
                    folder = parent(folder);
                }
            }
            Step::SyncFolder(folder) => self.sync_folder(folder),
            Step::Note(_) => {}
        }
    }

    fn rename(&mut self, change: Change) {
        apply(&mut self.now, &change);
        self.changes.push(change);
    }

    fn sync_folder(&mut self, folder: &str) {
        let (synced, rest): (Vec<Change>, Vec<Change>) = std::mem::take(&mut self.changes)
            .into_iter()
            .partition(|change| parent(&change[0].0) == folder);
        self.changes = rest;
        for change in synced {
            apply(&mut self.durable, &change);
        }
        let inside = self.folders.iter().filter(|path| parent(path) == folder);
        self.durable_folders.extend(inside.cloned());
    }

    /// Returns the files after a power cut: all that is durable, and any part of the rest.
    pub(crate) fn cut(&self, rng: &mut ChaCha8Rng) -> Self {
        let keep = *[0.0, 0.5, 1.0].choose(rng).unwrap();
        let mut names = self.durable.clone();
        for change in &self.changes {
            if rng.random_bool(keep) {
                apply(&mut names, change);
            }
        }
        let mut folders = self.durable_folders.clone();
        // In order, so that a folder comes after the one around it.
        for folder in &self.folders {
            let around = parent(folder);
            if (around.is_empty() || folders.contains(around)) && rng.random_bool(keep) {
                folders.insert(folder.clone());
            }
        }
        let whole = folders.clone();
        folders.retain(|folder| parent(folder).is_empty() || whole.contains(parent(folder)));
        names.retain(|path, _| parent(path).is_empty() || folders.contains(parent(path)));
        let inodes = self.inodes.iter().map(|inode| inode.cut(keep, rng));
        Self {
            inodes: inodes.collect(),
            now: names.clone(),
            durable: names,
            changes: Vec::new(),
            folders: folders.clone(),
            durable_folders: folders,
        }
    }
}

fn apply(names: &mut BTreeMap<String, usize>, change: &Change) {
    for (path, inode) in change {
        match inode {
            Some(inode) => names.insert(path.clone(), *inode),
            None => names.remove(path),
        };
    }
}

impl Inode {
    /// Bytes behind those that are durable are there or not, sector by sector, and
    /// so is the file's length.
    fn cut(&self, keep: f64, rng: &mut ChaCha8Rng) -> Self {
        let (mut durable, now) = (self.durable.clone(), &self.now);
        if now.len() > durable.len() {
            let from = durable.len();
            let length = match keep {
                0.0 => from,
                1.0 => now.len(),
                _ => rng.random_range(from..=now.len()),
            };
            durable.extend(&now[from..length]);
            let mut at = from;
            while at < length {
                let end = length.min((at / SECTOR + 1) * SECTOR);
                if !rng.random_bool(keep) {
                    durable[at..end].fill(0);
                }
                at = end;
            }
        }
        Self {
            now: durable.clone(),
            durable,
        }
    }
}

#[derive(Debug)]
struct World<N> {
    model: Model,
    journal: Vec<Step<N>>,
}

/// The files of a [`Model`], with a journal of every change. Clones are the same files.
#[derive(Debug)]
pub(crate) struct Sim<N>(Arc<Mutex<World<N>>>);

impl<N> Clone for Sim<N> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<N> Sim<N> {
    pub(crate) fn new(model: Model) -> Self {
        let journal = Vec::new();
        Self(Arc::new(Mutex::new(World { model, journal })))
    }

    fn world(&self) -> MutexGuard<'_, World<N>> {
        self.0.lock().unwrap()
    }

    fn step(&self, step: Step<N>) {
        let mut world = self.world();
        world.model.step(&step);
        world.journal.push(step);
    }

    /// Writes a note of the test's between the changes.
    pub(crate) fn note(&self, note: N) {
        self.step(Step::Note(note));
    }

    pub(crate) fn take_journal(&self) -> Vec<Step<N>> {
        std::mem::take(&mut self.world().journal)
    }

    pub(crate) fn model(&self) -> Model {
        self.world().model.clone()
    }

    fn inode(&self, path: &str) -> io::Result<usize> {
        let inode = self.world().model.now.get(path).copied();
        inode.ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl Model {
    /// Returns all files with their bytes.
    pub(crate) fn files(&self) -> Vec<(String, Vec<u8>)> {
        let file =
            |(path, inode): (&String, &usize)| (path.clone(), self.inodes[*inode].now.clone());
        self.now.iter().map(file).collect()
    }

    /// Changes the bytes of a file behind everybody's back.
    pub(crate) fn set(&mut self, path: &str, bytes: Vec<u8>) {
        let inode = self.now[path];
        self.inodes[inode] = Inode {
            durable: bytes.clone(),
            now: bytes,
        };
    }
}

impl<N: std::fmt::Debug + Send + 'static> Files for Sim<N> {
    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        let world = self.world();
        let inside = world.model.now.keys().filter(|path| parent(path) == folder);
        let name = |path: &String| path.rsplit('/').next().unwrap().to_owned();
        Ok(inside.map(name).collect())
    }

    fn open(&self, path: &str) -> io::Result<Box<dyn ReadFile>> {
        Ok(Box::new(SimFile(self.clone(), self.inode(path)?)))
    }

    fn create(&self, path: &str) -> io::Result<Box<dyn WriteFile>> {
        let folder = parent(path);
        let known = folder.is_empty() || self.world().model.folders.contains(folder);
        if !known {
            return Err(io::ErrorKind::NotFound.into());
        }
        self.step(Step::Create(path.to_owned()));
        Ok(Box::new(SimFile(self.clone(), self.inode(path)?)))
    }

    fn append(&self, path: &str) -> io::Result<Box<dyn WriteFile>> {
        Ok(Box::new(SimFile(self.clone(), self.inode(path)?)))
    }

    fn truncate(&self, path: &str, bytes: u64) -> io::Result<()> {
        self.inode(path)?;
        self.step(Step::Truncate(path.to_owned(), bytes as usize));
        Ok(())
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.inode(from)?;
        self.step(Step::Rename(from.to_owned(), to.to_owned()));
        Ok(())
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        self.inode(path)?;
        self.step(Step::Remove(path.to_owned()));
        Ok(())
    }

    fn create_folder(&self, folder: &str) -> io::Result<()> {
        self.step(Step::CreateFolder(folder.to_owned()));
        Ok(())
    }

    fn sync_folder(&self, folder: &str) -> io::Result<()> {
        self.step(Step::SyncFolder(folder.to_owned()));
        Ok(())
    }
}

struct SimFile<N>(Sim<N>, usize);

impl<N: Send> ReadFile for SimFile<N> {
    fn length(&self) -> io::Result<u64> {
        Ok(self.0.world().model.inodes[self.1].now.len() as u64)
    }

    fn read_exact_at(&self, into: &mut [u8], offset: u64) -> io::Result<()> {
        let world = self.0.world();
        let now = &world.model.inodes[self.1].now;
        let from = offset as usize;
        let found = now.get(from..from + into.len());
        into.copy_from_slice(found.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }
}

impl<N: Send> WriteFile for SimFile<N> {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.step(Step::Append(self.1, bytes.to_vec()));
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        self.0.step(Step::Sync(self.1));
        Ok(())
    }
}

mod tests {
    use super::*;
    use rand::SeedableRng;

    #[test]
    fn a_cut_keeps_what_was_synced_and_may_lose_all_else() {
        let sim: Sim<()> = Sim::new(Model::default());
        let mut durable = sim.create("durable").unwrap();
        durable.append(&[1; 700]).unwrap();
        durable.sync().unwrap();
        sim.sync_folder("").unwrap();
        durable.append(&[2; 2000]).unwrap();
        sim.create("nameless").unwrap().sync().unwrap();
        sim.rename("durable", "renamed").unwrap();
        let mut seen = BTreeSet::new();
        for seed in 0..300 {
            let cut = sim.model().cut(&mut ChaCha8Rng::seed_from_u64(seed));
            let files: BTreeMap<_, _> = cut.files().into_iter().collect();
            let names: Vec<_> = files.keys().cloned().collect();
            let kept = files.get("durable").or(files.get("renamed")).unwrap();
            assert_eq!(kept[..700], [1; 700]);
            let torn = kept[700..].contains(&0) && kept[700..].contains(&2);
            seen.insert((names, kept.len() == 700, torn));
        }
        for names in [&["durable"][..], &["renamed"], &["durable", "nameless"]] {
            let names: Vec<_> = names.iter().map(ToString::to_string).collect();
            assert!(seen.iter().any(|(found, ..)| *found == names), "{names:?}");
        }
        assert!(seen.iter().any(|(_, nothing, _)| *nothing));
        assert!(seen.iter().any(|(.., torn)| *torn));
    }
}
