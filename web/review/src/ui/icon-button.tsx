import type { LucideIcon } from "lucide-preact";

export interface IconButtonProps {
  readonly icon: LucideIcon;
  /** Name of the control, and its tooltip. */
  readonly label: string;
  /** Its key, as the page shows it. */
  readonly shortcut?: string;
  /** True if it is on; to be left out for a plain action. */
  readonly pressed?: boolean;
  readonly disabled?: boolean;
  readonly id?: string;
  readonly onClick: () => void;
}

/** Shows a button with a picture, a name and a key. */
export function IconButton({ icon: Icon, label, shortcut, pressed, disabled, id, onClick }: IconButtonProps) {
  return (
    <button
      type="button"
      class="icon-button"
      id={id}
      title={shortcut ? `${label} (${shortcut})` : label}
      aria-label={label}
      aria-keyshortcuts={shortcut}
      aria-pressed={pressed}
      disabled={disabled}
      onClick={onClick}
    >
      <Icon size={18} strokeWidth={1.5} aria-hidden="true" />
    </button>
  );
}
