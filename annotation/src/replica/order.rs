//! Objects brought to an end of the drawing order.

use super::Replica;
use crate::OpError;
use crate::object::{Object, ObjectId, OrderKey, Property};
use fmz_proto::v1;

impl Replica {
    /// Draws an object after all others that are seen. It makes no op if the object is there
    /// already.
    ///
    /// # Errors
    /// As [`Self::submit`]; [`OpError::OrderExhausted`].
    pub fn bring_to_front(&mut self, id: ObjectId) -> Result<(), OpError> {
        let last = self.others(id).max();
        let there = self.place(id) > last.clone();
        let key = || OrderKey::between(last.as_ref().map(|(key, _)| key.as_bytes()), None);
        self.set_order(id, there, key)
    }

    /// Draws an object before all others that are seen. It makes no op if the object is there
    /// already.
    ///
    /// # Errors
    /// As [`Self::submit`]; [`OpError::OrderExhausted`].
    pub fn send_to_back(&mut self, id: ObjectId) -> Result<(), OpError> {
        let first = self.others(id).min();
        let place = self.place(id);
        let there = place.is_some()
            && first
                .as_ref()
                .is_none_or(|first| place.as_ref() < Some(first));
        let key = || OrderKey::between(None, first.as_ref().map(|(key, _)| key.as_bytes()));
        self.set_order(id, there, key)
    }

    fn place(&self, id: ObjectId) -> Option<(OrderKey, u64)> {
        self.object(id).map(Object::drawing_place)
    }

    fn others(&self, id: ObjectId) -> impl Iterator<Item = (OrderKey, u64)> {
        let seen = move |object: &&Object| !object.deleted() && object.id != id;
        self.view()
            .objects()
            .filter(seen)
            .map(Object::drawing_place)
    }

    fn set_order(
        &mut self,
        id: ObjectId,
        there: bool,
        key: impl FnOnce() -> Result<OrderKey, OpError>,
    ) -> Result<(), OpError> {
        if there {
            return Ok(());
        }
        let set = v1::Set {
            id: Some((&id).into()),
            property: Some((&Property::Order(key()?)).into()),
        };
        let op = Some(v1::op::Op::Set(set));
        self.submit(&[v1::Op { op }])
    }
}
