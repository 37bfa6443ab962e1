import type { ClientMessage, ServerMessage } from "../gen/fmz/v1/session_pb";

/** A message of a client: one case of the `ClientMessage` oneof. */
export type Outgoing = Exclude<ClientMessage["message"], { case: undefined }>;
/** A message of a server: one case of the `ServerMessage` oneof. */
export type Incoming = Exclude<ServerMessage["message"], { case: undefined }>;
