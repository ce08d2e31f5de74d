// A test imports MqantTesting, and has with it what it tests.
@_exported public import MqantServer
