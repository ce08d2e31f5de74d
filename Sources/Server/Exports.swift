// A program imports MqantServer, and has with it what it is made of.
@_exported public import Mqant
@_exported public import MqantGate
@_exported public import MqantWeb
