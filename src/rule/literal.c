/* SPDX-License-Identifier: Apache-2.0 */
#include "rule/literal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>

#include "base/parse.h"

/* Sign and digits; false when the text is no decimal number. Too large ones stop at the largest. */
static bool read_decimal(struct str s, bool *ret_negative, uint64_t *ret_magnitude, bool *ret_clamped)
{
	uint64_t v = 0;
	size_t i = 0;

	*ret_clamped = false;
	while (i < s.len && (s.ptr[i] == ' ' || (s.ptr[i] >= '\t' && s.ptr[i] <= '\r')))
		i++;
	*ret_negative = i < s.len && s.ptr[i] == '-';
	if (i < s.len && (s.ptr[i] == '-' || s.ptr[i] == '+'))
		i++;
	if (i == s.len)
		return false;
	for (; i < s.len; i++) {
		unsigned int digit = (unsigned char)s.ptr[i] - '0';

		if (digit > 9)
			return false;
		if (v > (UINT64_MAX - digit) / 10)
			*ret_clamped = true;
		else
			v = v * 10 + digit;
	}
	*ret_magnitude = v;
	return true;
}

bool literal_u64(struct str text, uint64_t *ret_value)
{
	bool negative, clamped;
	uint64_t v;

	if (!read_decimal(text, &negative, &v, &clamped))
		return false;
	*ret_value = clamped ? UINT64_MAX : negative ? -v : v;
	return true;
}

static bool literal_i64(struct str text, int64_t *ret_value)
{
	bool negative, clamped;
	uint64_t v;

	if (!read_decimal(text, &negative, &v, &clamped))
		return false;
	if (negative)
		*ret_value = clamped || v > (uint64_t)INT64_MAX ? INT64_MIN : -(int64_t)v;
	else
		*ret_value = clamped || v > (uint64_t)INT64_MAX ? INT64_MAX : (int64_t)v;
	return true;
}

static int parse_port(struct str text, struct value *ret_value, struct error *err)
{
	char name[64];
	const struct servent *service;
	size_t i = 0;
	uint64_t v;

	while (i < text.len && text.ptr[i] >= '0' && text.ptr[i] <= '9')
		i++;
	if (i == text.len) {
		v = 0;
		if (text.len && (!literal_u64(text, &v) || v > INT32_MAX))
			return error_set(err, -EINVAL, "port " STR_FMT " is out of range", STR_ARG(text));
		ret_value->u = (uint16_t)v;
		return 0;
	}
	if (text.len >= sizeof(name))
		return error_set(err, -EINVAL, "no service is called " STR_FMT, STR_ARG(text));
	memcpy(name, text.ptr, text.len);
	name[text.len] = '\0';
	service = getservbyname(name, NULL);
	if (!service)
		return error_set(err, -EINVAL, "no service is called %s", name);
	ret_value->u = ntohs((uint16_t)service->s_port);
	return 0;
}

static int parse_address(struct str text, struct ip *ret_ip, struct error *err)
{
	char name[INET6_ADDRSTRLEN + 1];
	struct ip ip = { .v6 = !memchr(text.ptr, '.', text.len) };

	if (text.len < sizeof(name)) {
		memcpy(name, text.ptr, text.len);
		name[text.len] = '\0';
		if (inet_pton(ip.v6 ? AF_INET6 : AF_INET, name, ip.bytes) == 1) {
			*ret_ip = ip;
			return 0;
		}
	}
	return error_set(err, -EINVAL, STR_FMT " is no IP address", STR_ARG(text));
}

static int parse_net(struct str text, struct value *ret_value, struct error *err)
{
	const char *slash = text.len ? memchr(text.ptr, '/', text.len) : NULL;
	struct value v = { 0 };
	struct str address, prefix;
	uint64_t bits;
	int r;

	if (!slash)
		return error_set(err, -EINVAL, STR_FMT " is no network (address/prefix)", STR_ARG(text));
	address = (struct str){ text.ptr, (size_t)(slash - text.ptr) };
	prefix = (struct str){ slash + 1, text.len - address.len - 1 };
	r = parse_address(address, &v.net.address, err);
	if (r < 0)
		return r;
	/* Falco reads the prefix as an 8-bit number, and refuses the empty IPv6 network */
	if (!literal_u64(prefix, &bits) || (uint8_t)bits > (v.net.address.v6 ? 128 : 32) ||
	    (v.net.address.v6 && (uint8_t)bits == 0))
		return error_set(err, -EINVAL, "invalid prefix length in " STR_FMT, STR_ARG(text));
	v.net.prefix = (uint8_t)bits;
	*ret_value = v;
	return 0;
}

static int parse_boolean(struct str text, struct value *ret_value, struct error *err)
{
	if (!str_eq(text, STR("true")) && !str_eq(text, STR("false")))
		return error_set(err, -EINVAL, STR_FMT " is neither true nor false", STR_ARG(text));
	ret_value->b = text.len == 4;
	return 0;
}

static int parse_integer(struct str text, enum param_type type, struct value *ret_value, struct error *err)
{
	uint64_t u;
	int64_t i;

	if (!literal_u64(text, &u) || !literal_i64(text, &i))
		return error_set(err, -EINVAL, STR_FMT " is no decimal number", STR_ARG(text));
	switch (type) {
	case PT_INT8:
		ret_value->i = (int8_t)i;
		break;
	case PT_INT16:
		ret_value->i = (int16_t)i;
		break;
	case PT_INT32:
	case PT_FD32:
	case PT_PID32:
		ret_value->i = (int32_t)i;
		break;
	case PT_DOUBLE: /* fractions are refused by Falco as well */
		ret_value->d = (int32_t)i;
		break;
	case PT_L4PROTO:
	case PT_FLAGS8:
	case PT_UINT8:
	case PT_ENUMFLAGS8:
		ret_value->u = (uint8_t)u;
		break;
	case PT_FLAGS16:
	case PT_UINT16:
	case PT_ENUMFLAGS16:
		ret_value->u = (uint16_t)u;
		break;
	case PT_FLAGS32:
	case PT_UINT32:
	case PT_MODE:
	case PT_UID:
	case PT_GID:
	case PT_ENUMFLAGS32:
		ret_value->u = (uint32_t)u;
		break;
	default:
		if (value_kind(type) == VALUE_INT)
			ret_value->i = i;
		else
			ret_value->u = u;
	}
	return 0;
}

int literal_parse(struct str text, enum param_type type, struct value *ret_value, struct error *err)
{
	if (text.len && memchr(text.ptr, '\0', text.len) && value_kind(type) != VALUE_BYTES)
		return error_set(err, -EINVAL, "a value cannot hold a NUL byte");
	if (type == PT_SIGTYPE || type == PT_SYSCALLID) /* Falco cannot read these, so no rule compares them */
		return error_set(err, -EINVAL, "values of this type cannot be compared with a constant");
	if (type == PT_PORT)
		return parse_port(text, ret_value, err);
	switch (value_kind(type)) {
	case VALUE_UINT:
	case VALUE_INT:
	case VALUE_DOUBLE:
		return parse_integer(text, type, ret_value, err);
	case VALUE_BOOL:
		return parse_boolean(text, ret_value, err);
	case VALUE_TEXT:
	case VALUE_BYTES:
		ret_value->s = text;
		return 0;
	case VALUE_IP:
		return parse_address(text, &ret_value->ip, err);
	case VALUE_NET:
		return parse_net(text, ret_value, err);
	}
	return error_set(err, -EINVAL, "values of this type cannot be compared with a constant");
}

int literal_unhex(struct str text, char *out, size_t *ret_len)
{
	if (text.len % 2)
		return -EINVAL;
	for (size_t i = 0; i < text.len; i += 2) {
		int high = parse_hex_digit(text.ptr[i]), low = parse_hex_digit(text.ptr[i + 1]);

		if (high < 0 || low < 0)
			return -EINVAL;
		out[i / 2] = (char)(high << 4 | low);
	}
	*ret_len = text.len / 2;
	return 0;
}
