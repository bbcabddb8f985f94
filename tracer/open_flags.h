/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_TRACER_OPEN_FLAGS_H
#define MONITOR_TRACER_OPEN_FLAGS_H

#include <stdint.h>

/* The kernel's O_* of open(2) as the flags of events (flags.def file_flags). */
uint32_t open_flags_to_event(uint64_t flags);

#endif
