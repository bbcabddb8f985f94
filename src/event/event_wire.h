/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_EVENT_EVENT_WIRE_H
#define MONITOR_EVENT_EVENT_WIRE_H

/* Where the fields of the packed event header (version 2) stand. The parameter lengths and the values follow it. */
enum {
	EVENT_HEADER_TS = 0, /* u64, epoch ns */
	EVENT_HEADER_TID = 8, /* u64 */
	EVENT_HEADER_LEN = 16, /* u32, of all: header, lengths, values */
	EVENT_HEADER_TYPE = 20, /* u16 */
	EVENT_HEADER_NPARAMS = 22, /* u32 */
	EVENT_HEADER_BYTES = 26,
	EVENT_HEADER_V1_BYTES = 22, /* without nparams */
};

#endif
