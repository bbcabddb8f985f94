/* SPDX-License-Identifier: Apache-2.0 */
#include "field/value.h"

#include <inttypes.h>

#include "event/event.h"
#include "field/field.h"
#include "field/param_text.h"

enum value_kind value_kind(enum param_type type)
{
	switch (type) {
	case PT_INT8:
	case PT_INT16:
	case PT_INT32:
	case PT_INT64:
	case PT_ERRNO:
	case PT_FD:
	case PT_FD32:
	case PT_PID:
	case PT_PID32:
		return VALUE_INT;
	case PT_BOOL:
		return VALUE_BOOL;
	case PT_DOUBLE:
		return VALUE_DOUBLE;
	case PT_CHARBUF:
	case PT_FSPATH:
	case PT_FSRELPATH:
	case PT_CHARBUFARRAY:
	case PT_CHARBUF_PAIR_ARRAY:
		return VALUE_TEXT;
	case PT_BYTEBUF:
	case PT_SOCKADDR:
	case PT_SOCKTUPLE:
	case PT_FDLIST:
	case PT_DYN:
		return VALUE_BYTES;
	case PT_IPV4ADDR:
	case PT_IPV6ADDR:
	case PT_IPADDR:
		return VALUE_IP;
	case PT_IPV4NET:
	case PT_IPV6NET:
	case PT_IPNET:
		return VALUE_NET;
	default:
		return VALUE_UINT;
	}
}

/* Bits of an integer type, for hexadecimal and octal forms of negative numbers. */
static unsigned int integer_bits(enum param_type type)
{
	int size = param_type_integer_size(type);

	if (size == 0)
		return 64;
	return (unsigned int)(size < 0 ? -size : size) * 8;
}

static void integer_print(struct strbuf *out, uint64_t u, enum param_type type, enum print_format format)
{
	unsigned int bits = integer_bits(type);
	uint64_t masked = bits < 64 ? u & ((1ull << bits) - 1) : u;

	switch (format) {
	case PF_HEX:
		strbuf_addf(out, "%" PRIX64, masked);
		break;
	case PF_OCT:
		strbuf_addf(out, "%" PRIo64, masked);
		break;
	case PF_10_PADDED_DEC:
		if (value_kind(type) == VALUE_INT)
			strbuf_addf(out, "%09" PRId64, (int64_t)u);
		else
			strbuf_addf(out, "%09" PRIu64, u);
		break;
	default:
		if (value_kind(type) == VALUE_INT)
			strbuf_addi(out, (int64_t)u);
		else
			strbuf_addu(out, u);
	}
}

static void net_print(struct strbuf *out, const struct ipnet *net)
{
	ip_print(out, &net->address);
	if (net->prefix < (net->address.v6 ? 128 : 32))
		strbuf_addf(out, "/%u", net->prefix);
}

/* A field shows at most this many bytes of a buffer: Falco renders into 1 KiB and gives the last three up. */
#define BYTES_SHOWN 1021

void value_print(struct strbuf *out, const struct value *v, enum param_type type, enum print_format format)
{
	switch (value_kind(type)) {
	case VALUE_UINT:
	case VALUE_INT:
		integer_print(out, v->u, type, format);
		break;
	case VALUE_BOOL:
		strbuf_adds(out, v->b ? "true" : "false");
		break;
	case VALUE_DOUBLE:
		strbuf_addf(out, "%.1f", v->d);
		break;
	case VALUE_TEXT:
		strbuf_addstr(out, v->s);
		break;
	case VALUE_BYTES:
		param_text_bytes(out, (struct str){ v->s.ptr, v->s.len < BYTES_SHOWN ? v->s.len : BYTES_SHOWN }, false);
		break;
	case VALUE_IP:
		ip_print(out, &v->ip);
		break;
	case VALUE_NET:
		net_print(out, &v->net);
		break;
	}
}
