declare module "snappyjs" {
  export function uncompress(packed: Uint8Array, maxLength?: number): Uint8Array;
}
