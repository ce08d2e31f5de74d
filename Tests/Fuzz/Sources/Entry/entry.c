#include <stddef.h>
#include <stdint.h>

// In C, because SwiftPM renames the main of a Swift executable, and here main is libFuzzer's own.
extern int mqtt_fuzz_one(const uint8_t *bytes, size_t count);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count) {
    return mqtt_fuzz_one(bytes, count);
}
