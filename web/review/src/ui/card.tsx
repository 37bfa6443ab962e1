import type { ComponentChildren } from "preact";
import { LanguageSwitch } from "./language-switch";

export interface CardProps {
  readonly title: string;
  readonly lead: string;
  readonly children?: ComponentChildren;
}

/** Shows a page of its own with one thing to say: before a room, and after it. */
export function Card({ title, lead, children }: CardProps) {
  return (
    <main class="card-page">
      <div class="card">
        <div class="card-head">
          <span class="brand">fmz</span>
          <LanguageSwitch />
        </div>
        <h1>{title}</h1>
        <p class="lead">{lead}</p>
        {children}
      </div>
    </main>
  );
}
