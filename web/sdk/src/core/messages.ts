import type { ClientMessage, ServerMessage } from "../gen/fmz/v1/session_pb";

/** What a client may say: one case of the `ClientMessage` oneof. */
export type Outgoing = Exclude<ClientMessage["message"], { case: undefined }>;
/** What a server says: one case of the `ServerMessage` oneof. */
export type Incoming = Exclude<ServerMessage["message"], { case: undefined }>;
