/** As much of the package raw-socket as is used; it brings no types. */
declare module "raw-socket" {
  export interface RawSocket {
    on(event: "message", listener: (packet: Buffer, source: string) => void): this;
    on(event: "error", listener: (error: Error) => void): this;
    send(buffer: Buffer, offset: number, length: number, address: string, callback: (error?: Error) => void): void;
    setOption(level: number, option: number, value: number): void;
    setOption(level: number, option: number, value: Buffer, length: number): void;
    close(): void;
  }

  export interface RawSocketModule {
    createSocket(options: { addressFamily: number; protocol: number }): RawSocket;
    AddressFamily: { IPv4: number; IPv6: number };
    Protocol: { ICMP: number; ICMPv6: number };
  }

  const module: RawSocketModule;
  export default module;
}
