//! A client's message as the server takes it: its ops have a type that only the checks make.

use crate::WireError;
use crate::v1::{Op, OpBatch, OpCopies, client_message::Message};
use crate::validate::{validate_client, validate_ops};

/// Ops of a client: at least one, at most [`crate::limits::BATCH_OPS_MAX`], every field within its
/// limit.
///
/// Nothing but the checks makes them, so a function that takes them need not check again.
#[derive(Debug, Clone, PartialEq)]
pub struct ValidOps(Vec<Op>);

impl ValidOps {
    /// Checks ops that came by another way than [`crate::read_client`].
    ///
    /// # Errors
    /// [`WireError`] for their number, or the first field that is missing or out of range.
    pub fn check(ops: Vec<Op>) -> Result<Self, WireError> {
        validate_ops(&ops)?;
        Ok(Self(ops))
    }

    /// Returns the ops.
    pub fn into_inner(self) -> Vec<Op> {
        self.0
    }
}

/// A batch of ops as a client sent it, see [`OpBatch`].
#[derive(Debug, Clone, PartialEq)]
pub struct ClientBatch<O> {
    /// Number that its author gave it.
    pub client_seq: u64,
    /// Last revision that its author had applied.
    pub base: u64,
    /// The ops.
    pub ops: O,
}

/// A client's message, with its ops apart from all else.
#[derive(Debug, Clone, PartialEq)]
pub enum FromClient<O> {
    /// A batch.
    Ops(ClientBatch<O>),
    /// Copies of batches.
    Copies(Vec<ClientBatch<O>>),
    /// Anything that has no ops.
    Other(Message),
}

impl FromClient<ValidOps> {
    /// Checks a message.
    ///
    /// # Errors
    /// [`WireError`] for the first field that is missing or out of range.
    pub fn check(message: Message) -> Result<Self, WireError> {
        validate_client(&message)?;
        let valid = |batch: OpBatch| ClientBatch {
            client_seq: batch.client_seq,
            base: batch.base,
            ops: ValidOps(batch.ops),
        };
        Ok(match message {
            Message::Ops(batch) => Self::Ops(valid(batch)),
            Message::Copies(OpCopies { batches }) => {
                Self::Copies(batches.into_iter().map(valid).collect())
            }
            other => Self::Other(other),
        })
    }
}

impl<O> ClientBatch<O> {
    fn try_map<P, E>(self, map: impl FnOnce(O) -> Result<P, E>) -> Result<ClientBatch<P>, E> {
        Ok(ClientBatch {
            client_seq: self.client_seq,
            base: self.base,
            ops: map(self.ops)?,
        })
    }
}

impl<O> FromClient<O> {
    /// Converts the ops of all batches.
    ///
    /// # Errors
    /// The first one of `map`.
    pub fn try_map<P, E>(self, map: impl Fn(O) -> Result<P, E>) -> Result<FromClient<P>, E> {
        Ok(match self {
            Self::Ops(batch) => FromClient::Ops(batch.try_map(map)?),
            Self::Copies(batches) => {
                let batches = batches.into_iter().map(|batch| batch.try_map(&map));
                FromClient::Copies(batches.collect::<Result<_, _>>()?)
            }
            Self::Other(message) => FromClient::Other(message),
        })
    }
}

impl From<ClientBatch<ValidOps>> for OpBatch {
    fn from(batch: ClientBatch<ValidOps>) -> Self {
        Self {
            client_seq: batch.client_seq,
            base: batch.base,
            ops: batch.ops.into_inner(),
        }
    }
}

impl From<FromClient<ValidOps>> for Message {
    fn from(message: FromClient<ValidOps>) -> Self {
        match message {
            FromClient::Ops(batch) => Self::Ops(batch.into()),
            FromClient::Copies(batches) => Self::Copies(OpCopies {
                batches: batches.into_iter().map(Into::into).collect(),
            }),
            FromClient::Other(message) => message,
        }
    }
}
