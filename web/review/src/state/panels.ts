import { signal, type ReadonlySignal } from "@preact/signals";

export const TABS = ["notes", "people", "versions"] as const;
export type Tab = (typeof TABS)[number];
/** A sheet stands in the place of the tabs until it is closed. */
export type Sheet = "keys" | "connection";

/** What stands beside the picture: one thing at a time. */
export type Panel =
  | { readonly kind: "closed" }
  | { readonly kind: "tab"; readonly tab: Tab }
  | { readonly kind: "sheet"; readonly sheet: Sheet };

/**
 * The panel beside the picture. A text or a comment that is being written is no part of it: it
 * outlives a look at another tab (see `Drafts`).
 */
export class Panels {
  private readonly current = signal<Panel>({ kind: "closed" });
  /** Tab that is shown when a sheet closes, and when the panel opens. */
  private lastTab: Tab = "notes";

  constructor(open: boolean) {
    if (open) this.showTab(this.lastTab);
  }

  get shown(): ReadonlySignal<Panel> {
    return this.current;
  }

  /** Opens the panel with a tab. */
  showTab(tab: Tab): void {
    this.lastTab = tab;
    this.current.value = { kind: "tab", tab };
  }

  /** Closes the panel with whatever it shows, or opens it with the tab that was shown last. */
  toggle(): void {
    if (this.current.peek().kind === "closed") this.showTab(this.lastTab);
    else this.current.value = { kind: "closed" };
  }

  /** Closes the panel if it shows this tab, otherwise opens it with the tab. */
  toggleTab(tab: Tab): void {
    const shown = this.current.peek();
    if (shown.kind === "tab" && shown.tab === tab) this.toggle();
    else this.showTab(tab);
  }

  /** Opens a sheet, or goes back from it to the tabs. */
  toggleSheet(sheet: Sheet): void {
    if (isSheet(this.current.peek(), sheet)) this.showTab(this.lastTab);
    else this.current.value = { kind: "sheet", sheet };
  }
}

export function isSheet(panel: Panel, sheet: Sheet): boolean {
  return panel.kind === "sheet" && panel.sheet === sheet;
}
