// A module author imports Mqant, and has with it what its functions speak of.
@_exported public import Logging
@_exported public import MqantConfiguration
@_exported public import MqantRPC

@_exported public import struct NIOCore.ByteBuffer
