import { Kind, type ObjectState, type Property, type SharedDocument } from "@fmz/client";
import { middleOf, squareAround } from "../grid/corners";
import { boundsOf, endOf, startOf } from "../grid/shapes";
import type { Marks } from "./marks";
import { cornerOps, deleteOp, property, setOp } from "./ops";
import type { People } from "./people";
import type { Tools } from "./tools";

/** The mark that is chosen, and what the tools do to it besides what is drawn next. */
export class Chosen {
  constructor(
    private readonly document: Pick<SharedDocument, "submit">,
    private readonly marks: Pick<Marks, "get" | "selected">,
    private readonly tools: Tools,
    private readonly people: Pick<People, "mayChange">,
  ) {}

  /** Takes a colour for what is drawn next, and for the chosen mark. */
  color(index: number): void {
    this.tools.color.value = index;
    this.change(property.color(this.tools.rgba));
  }

  /** Makes what is drawn next thinner or wider, and the chosen mark too. */
  stepWidth(by: -1 | 1): void {
    const { tools } = this;
    tools.step(by);
    const mark = this.mark();
    if (mark?.kind === Kind.STAMP) this.sizeStamp(mark);
    else this.change(property.width(mark?.kind === Kind.TEXT ? tools.textHeight : tools.width));
  }

  /** Deletes the chosen mark, if this person may. */
  delete(): void {
    const id = this.mark()?.id;
    if (id && this.people.mayChange(id)) this.document.submit([deleteOp(id)]);
  }

  private mark(): ObjectState | undefined {
    return this.marks.get(this.marks.selected.peek());
  }

  /** Gives a stamp the chosen size; its middle stays. */
  private sizeStamp(stamp: ObjectState): void {
    if (!stamp.id || !this.people.mayChange(stamp.id)) return;
    const middle = middleOf(boundsOf([startOf(stamp), endOf(stamp)]));
    const ops = cornerOps(stamp, squareAround(middle, this.tools.stampSide));
    if (ops.length > 0) this.document.submit(ops);
  }

  private change(value: Property["value"]): void {
    const id = this.mark()?.id;
    if (id && this.people.mayChange(id)) this.document.submit([setOp(id, value)]);
  }
}
