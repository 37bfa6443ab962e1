//! Ops on their way to be committed.

use super::Document;
use crate::check::{Draft, Rules};
use crate::op::Op;
use crate::overlay::{self, Overlay, Sender, View};
use crate::{Authority, OpError};
use fmz_proto::v1;

impl Document {
    /// Says whether ops of an ordinary author may be committed. 0 is the server itself.
    ///
    /// # Errors
    /// [`OpError`] for the first op that may not.
    pub fn check(&self, author: u32, ops: &[v1::Op]) -> Result<(), OpError> {
        self.check_as(author, Authority::Author, ops)
    }

    /// Says whether ops of somebody with an authority may be committed.
    ///
    /// # Errors
    /// [`OpError`] for the first op that may not.
    pub fn check_as(
        &self,
        author: u32,
        authority: Authority,
        ops: &[v1::Op],
    ) -> Result<(), OpError> {
        let mut draft = Draft::new(self.view(), Rules::Sender(authority), author);
        draft.sender()?;
        ops.iter()
            .try_for_each(|op| draft.check(&Op::try_from(op)?))
    }

    /// Checks ops and makes of them what is to be committed: a clear names what it deletes.
    ///
    /// # Errors
    /// [`OpError`] for the first op that may not be committed.
    pub fn prepare(
        &self,
        author: u32,
        authority: Authority,
        ops: Vec<v1::Op>,
    ) -> Result<Vec<v1::Op>, OpError> {
        self.check_as(author, authority, &ops)?;
        let clears = |op: &v1::Op| matches!(op.op, Some(v1::op::Op::Clear(_)));
        if !ops.iter().any(clears) {
            return Ok(ops);
        }
        let ops = Op::many_from_wire(&ops)?;
        let ops = self.name_cleared(Sender { author, authority }, ops);
        Ok(ops.iter().map(Into::into).collect())
    }

    /// Each clear sees what the ops before it do.
    fn name_cleared(&self, sender: Sender, mut ops: Vec<Op>) -> Vec<Op> {
        let mut overlay = Overlay::new();
        for op in &mut ops {
            if let Op::Clear(clear) = op {
                let view = View {
                    document: self,
                    overlay: Some(&overlay),
                };
                clear.ids = view.cleared(sender, clear);
            } else {
                overlay::write(self, &mut overlay, sender, op);
            }
        }
        ops
    }
}
