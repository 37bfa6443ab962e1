import { Kind, type ObjectState, type Property } from "@fmz/client";
import { middleOf, squareAround } from "../grid/corners";
import { boundsOf, endOf, startOf } from "../grid/shapes";
import { cornerOps, deleteOp, property, setOp } from "./ops";
import type { RoomState } from "./room";

/** Takes a colour for what is drawn next, and for the chosen mark. */
export function chooseColor(room: RoomState, index: number): void {
  room.tools.color.value = index;
  changeChosen(room, property.color(room.tools.rgba));
}

/** Makes what is drawn next thinner or wider, and the chosen mark too. */
export function stepWidth(room: RoomState, by: -1 | 1): void {
  const { tools } = room;
  tools.step(by);
  const chosen = chosenOf(room);
  if (chosen?.kind === Kind.STAMP) sizeStamp(room, chosen);
  else changeChosen(room, property.width(chosen?.kind === Kind.TEXT ? tools.textHeight : tools.width));
}

/** Deletes the chosen mark, where this person may. */
export function deleteChosen(room: RoomState): void {
  const id = chosenOf(room)?.id;
  if (id && room.mayChange(id)) room.document.submit([deleteOp(id)]);
}

function chosenOf({ marks }: RoomState): ObjectState | undefined {
  return marks.get(marks.selected.peek());
}

/** Gives a stamp the chosen size; its middle stays. */
function sizeStamp(room: RoomState, stamp: ObjectState): void {
  if (!stamp.id || !room.mayChange(stamp.id)) return;
  const middle = middleOf(boundsOf([startOf(stamp), endOf(stamp)]));
  const ops = cornerOps(stamp, squareAround(middle, room.tools.stampSide));
  if (ops.length > 0) room.document.submit(ops);
}

function changeChosen(room: RoomState, value: Property["value"]): void {
  const id = chosenOf(room)?.id;
  if (id && room.mayChange(id)) room.document.submit([setOp(id, value)]);
}
