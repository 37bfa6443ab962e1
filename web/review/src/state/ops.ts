import {
  AddSchema,
  create,
  CreateSchema,
  Kind,
  OpSchema,
  PointSchema,
  PropertySchema,
  SetDeletedSchema,
  SetSchema,
  StrokeAppendSchema,
  StrokeEndSchema,
  type FrameStamp,
  type ObjectId,
  type ObjectState,
  type Op,
  type Property,
  type Status,
  type StrokePoints,
} from "@fmz/client";
import type { Corners } from "../grid/corners";
import type { Point } from "../grid/geometry";

/** The ops that a hand makes, as the wire writes them. */

type Value = Property["value"];

export const property = {
  color: (rgba: number): Value => ({ case: "color", value: rgba }),
  width: (units: number): Value => ({ case: "width", value: units }),
  start: (point: Point): Value => ({ case: "start", value: create(PointSchema, point) }),
  end: (point: Point): Value => ({ case: "end", value: create(PointSchema, point) }),
  text: (text: string): Value => ({ case: "text", value: text }),
  stamp: (name: string): Value => ({ case: "stamp", value: name }),
  status: (status: Status): Value => ({ case: "status", value: status }),
  assignee: (identity: string): Value => ({ case: "assignee", value: identity }),
};

export function createOp(id: ObjectId, kind: Kind, frame: FrameStamp, values: readonly Value[]): Op {
  const properties = values.map((value) => create(PropertySchema, { value }));
  return create(OpSchema, { op: { case: "create", value: create(CreateSchema, { id, kind, frame, properties }) } });
}

/** A reply in the thread of a pin. */
export function replyOp(id: ObjectId, parent: ObjectId, frame: FrameStamp, text: string): Op {
  const properties = [create(PropertySchema, { value: property.text(text) })];
  const value = create(CreateSchema, { id, kind: Kind.REPLY, frame, properties, parent });
  return create(OpSchema, { op: { case: "create", value } });
}

export function setOp(id: ObjectId, value: Value): Op {
  const property = create(PropertySchema, { value });
  return create(OpSchema, { op: { case: "set", value: create(SetSchema, { id, property }) } });
}

export function addOp(id: ObjectId, offset: Point): Op {
  const value = create(AddSchema, { id, offset: create(PointSchema, offset) });
  return create(OpSchema, { op: { case: "add", value } });
}

export function appendOp(id: ObjectId, points: StrokePoints): Op {
  const value = create(StrokeAppendSchema, { id, points });
  return create(OpSchema, { op: { case: "strokeAppend", value } });
}

export function endOp(id: ObjectId): Op {
  return create(OpSchema, { op: { case: "strokeEnd", value: create(StrokeEndSchema, { id }) } });
}

export function deleteOp(id: ObjectId): Op {
  const value = create(SetDeletedSchema, { ids: [id], deleted: true });
  return create(OpSchema, { op: { case: "setDeleted", value } });
}

/** Returns the ops that bring the corners of a mark to a place; a corner that stays needs none. */
export function cornerOps({ id, start, end, offset }: ObjectState, corners: Corners): Op[] {
  if (!id) return [];
  const unmoved = ({ x, y }: Point): Point => ({ x: x - (offset?.x ?? 0), y: y - (offset?.y ?? 0) });
  const to = { start: unmoved(corners.start), end: unmoved(corners.end) };
  return [
    ...(isSame(start, to.start) ? [] : [setOp(id, property.start(to.start))]),
    ...(isSame(end, to.end) ? [] : [setOp(id, property.end(to.end))]),
  ];
}

function isSame(one: Point | undefined, { x, y }: Point): boolean {
  return (one?.x ?? 0) === x && (one?.y ?? 0) === y;
}
