// A module author imports Mqant, and has with it what its functions speak of.
@_exported public import Logging
@_exported public import RPC

@_exported public import struct NIOCore.ByteBuffer
