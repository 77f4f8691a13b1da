/** TLS over a connection that a check has opened. */
import { isIP, type Socket } from "node:net";
import { connect, createSecureContext, type SecureContext, type TLSSocket } from "node:tls";
import { Unasked } from "./probe.ts";

/** PEM texts. */
export interface TlsMaterial {
  cert?: string;
  key?: string;
  /** Of the key. */
  passphrase?: string;
  ca?: string;
}

export interface TlsOptions {
  verify: boolean;
  /** Asked for, and verified; undefined: no name is asked for, and the address is verified. */
  serverName?: string;
  /** What is presented, and which authorities are trusted. Looked up for each connection: it is renewed without the check hearing of it. */
  material?: () => TlsMaterial;
  /** Application protocols to ask for. */
  protocols?: string[];
}

/** Making one takes a millisecond: those who present nothing share theirs. */
let plainContext: SecureContext | undefined;
const contexts = new WeakMap<TlsMaterial, SecureContext>();

export function secure(socket: Socket, host: string, { verify, serverName, material, protocols }: TlsOptions): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const secured = connect({
      socket,
      host,
      secureContext: contextOf(material?.()),
      rejectUnauthorized: verify,
      ...(serverName !== undefined && isIP(serverName) === 0 && { servername: serverName }),
      ...(protocols && { ALPNProtocols: protocols }),
    });
    secured.once("secureConnect", () => resolve(secured));
    secured.on("error", reject);
    // A connection that ends in the middle of the handshake.
    secured.once("close", () => reject(new Error("the connection was closed")));
  });
}

function contextOf(material: TlsMaterial | undefined): SecureContext {
  if (!material) {
    plainContext ??= createSecureContext();
    return plainContext;
  }
  let context = contexts.get(material);
  if (!context) {
    context = usableContext(material);
    contexts.set(material, context);
  }
  return context;
}

/** A certificate that is broken, or has another key, must not take all servers away. */
function usableContext(material: TlsMaterial): SecureContext {
  try {
    return createSecureContext(material);
  } catch (error) {
    throw new Unasked(`what shall be presented cannot be used: ${(error as Error).message}`, { cause: error });
  }
}
