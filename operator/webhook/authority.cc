// SPDX-License-Identifier: Apache-2.0
#include "operator/webhook/authority.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <ctime>
#include <memory>
#include <utility>

namespace claviger::op::webhook {
namespace {

using std::chrono::seconds;

constexpr std::string_view kBegin = "-----BEGIN CERTIFICATE-----";
constexpr std::string_view kEnd = "-----END CERTIFICATE-----";
constexpr seconds kBackdated{3'600};

template <auto kFree>
struct FreeWith {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, FreeWith<X509_free>>;
using Extension =
    std::unique_ptr<X509_EXTENSION, FreeWith<X509_EXTENSION_free>>;
using Bio = std::unique_ptr<BIO, FreeWith<BIO_free_all>>;

tl::unexpected<Error> CannotMake(std::string_view what) {
  ERR_clear_error();
  return Fail(ErrorCode::kInternal, "cannot make " + std::string(what));
}

time_t Seconds(Time time) {
  return std::chrono::duration_cast<seconds>(time.time_since_epoch()).count();
}

std::string TextOf(BIO* bio) {
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(bio, &bytes);
  return {bytes, static_cast<size_t>(size)};
}

std::string PemOf(X509* certificate) {
  const Bio bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(bio.get(), certificate);
  return TextOf(bio.get());
}

Secret PemOf(EVP_PKEY* key) {
  const Bio bio(BIO_new(BIO_s_secmem()));
  PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr,
                           nullptr);
  return Secret(TextOf(bio.get()));
}

Bio BioOf(std::string_view bytes) {
  return Bio(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
}

Certificate ReadCertificate(std::string_view pem) {
  const Bio bio = BioOf(pem);
  Certificate certificate(
      PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  ERR_clear_error();
  return certificate;
}

Key ReadKey(const Secret& pem) {
  const Bio bio = BioOf(pem.Reveal());
  Key key(PEM_read_bio_PrivateKey(
      bio.get(), nullptr, [](char*, int, int, void*) { return -1; }, nullptr));
  ERR_clear_error();
  return key;
}

bool SetSerial(X509* certificate, Random& random) {
  uint64_t serial = 0;
  for (const char byte : random.Bytes(8)) {
    serial = (serial << 8U) | static_cast<unsigned char>(byte);
  }
  // Positive, and never zero.
  return ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate),
                                 (serial >> 1U) | 1U) == 1;
}

bool AddExtension(X509* certificate, X509* issuer, int id,
                  const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const Extension extension(
      X509V3_EXT_conf_nid(nullptr, &context, id, value.c_str()));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

Certificate Begin(const std::string& common_name, EVP_PKEY* key,
                  const Validity& validity, Random& random) {
  Certificate certificate(X509_new());
  if (!certificate || !SetSerial(certificate.get(), random) ||
      X509_set_version(certificate.get(), X509_VERSION_3) != 1 ||
      ASN1_TIME_set(X509_getm_notBefore(certificate.get()),
                    Seconds(validity.not_before)) == nullptr ||
      ASN1_TIME_set(X509_getm_notAfter(certificate.get()),
                    Seconds(validity.not_after)) == nullptr ||
      X509_set_pubkey(certificate.get(), key) != 1) {
    return nullptr;
  }
  X509_NAME* name = X509_get_subject_name(certificate.get());
  const bool named =
      X509_NAME_add_entry_by_txt(
          name, "CN", MBSTRING_UTF8,
          reinterpret_cast<const unsigned char*>(common_name.data()),
          static_cast<int>(common_name.size()), -1, 0) == 1;
  return named ? std::move(certificate) : nullptr;
}

bool Sign(X509* certificate, X509* issuer, EVP_PKEY* issuer_key) {
  return X509_set_issuer_name(certificate, X509_get_subject_name(issuer)) ==
             1 &&
         AddExtension(certificate, issuer, NID_subject_key_identifier,
                      "hash") &&
         AddExtension(certificate, issuer, NID_authority_key_identifier,
                      "keyid:always") &&
         X509_sign(certificate, issuer_key, EVP_sha256()) > 0;
}

Result<Time> TimeOf(const ASN1_TIME* time) {
  tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) {
    return Fail(ErrorCode::kInvalidArgument, "certificate with an odd time");
  }
  return Time(seconds(timegm(&parts)));
}

// The certificates of a bundle, each as PEM text from BEGIN to END.
std::vector<std::string> Split(std::string_view bundle) {
  constexpr size_t kMaxCertificates = 256;
  std::vector<std::string> parts;
  while (parts.size() < kMaxCertificates) {
    const size_t begin = bundle.find(kBegin);
    if (begin == std::string_view::npos) break;
    const size_t end = bundle.find(kEnd, begin);
    if (end == std::string_view::npos) break;
    parts.emplace_back(bundle.substr(begin, end + kEnd.size() - begin));
    bundle.remove_prefix(end + kEnd.size());
  }
  return parts;
}

bool Same(std::string_view a, std::string_view b) {
  const auto trimmed = [](std::string_view text) {
    const size_t end = text.find_last_not_of("\r\n \t");
    return text.substr(0, end == std::string_view::npos ? 0 : end + 1);
  };
  return trimmed(a) == trimmed(b);
}

bool HoldsPem(const std::vector<std::string>& parts, std::string_view pem) {
  return std::any_of(parts.begin(), parts.end(),
                     [pem](const std::string& one) { return Same(one, pem); });
}

std::string Join(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) {
    text += part;
    if (text.back() != '\n') text += '\n';
  }
  return text;
}

}  // namespace

Result<KeyPair> MakeAuthority(const std::string& common_name, Time now,
                              seconds life, Random& random) {
  const Key key(EVP_EC_gen("P-256"));
  const Validity validity{now - kBackdated, now + life};
  const Certificate certificate =
      key ? Begin(common_name, key.get(), validity, random) : nullptr;
  X509* const self = certificate.get();
  if (self == nullptr ||
      !AddExtension(self, self, NID_basic_constraints,
                    "critical,CA:TRUE,pathlen:0") ||
      !AddExtension(self, self, NID_key_usage, "critical,keyCertSign") ||
      !Sign(self, self, key.get())) {
    return CannotMake("an authority for the webhook");
  }
  return KeyPair{PemOf(self), PemOf(key.get()), validity.not_before,
                 validity.not_after};
}

Result<KeyPair> IssueLeaf(const KeyPair& authority,
                          const std::vector<std::string>& dns_names, Time now,
                          seconds life, Random& random) {
  const Certificate issuer = ReadCertificate(authority.certificate_pem);
  const Key issuer_key = ReadKey(authority.key_pem);
  const Key key(EVP_EC_gen("P-256"));
  if (dns_names.empty() || !issuer || !issuer_key || !key) {
    return CannotMake("a certificate for the webhook");
  }
  std::string names;
  for (const std::string& name : dns_names) {
    names += (names.empty() ? "DNS:" : ",DNS:") + name;
  }
  const Validity validity{now - kBackdated,
                          std::min<Time>(now + life, authority.not_after)};
  // The common name may hold 64 characters, and nobody reads it.
  const Certificate leaf =
      Begin("claviger webhook", key.get(), validity, random);
  X509* const self = leaf.get();
  if (self == nullptr ||
      !AddExtension(self, issuer.get(), NID_basic_constraints,
                    "critical,CA:FALSE") ||
      !AddExtension(self, issuer.get(), NID_key_usage,
                    "critical,digitalSignature") ||
      !AddExtension(self, issuer.get(), NID_ext_key_usage, "serverAuth") ||
      !AddExtension(self, issuer.get(), NID_subject_alt_name, names) ||
      !Sign(self, issuer.get(), issuer_key.get())) {
    return CannotMake("a certificate for the webhook");
  }
  return KeyPair{PemOf(self), PemOf(key.get()), validity.not_before,
                 validity.not_after};
}

Result<Validity> ReadValidity(std::string_view certificate_pem) {
  const Certificate certificate = ReadCertificate(certificate_pem);
  if (!certificate) {
    return Fail(ErrorCode::kInvalidArgument, "not a PEM certificate");
  }
  const auto not_before = TimeOf(X509_get0_notBefore(certificate.get()));
  const auto not_after = TimeOf(X509_get0_notAfter(certificate.get()));
  if (!not_before || !not_after) {
    return Fail(ErrorCode::kInvalidArgument, "certificate with an odd time");
  }
  return Validity{*not_before, *not_after};
}

std::string MergeBundle(const std::string& bundle,
                        const std::vector<std::string>& ours, Time now,
                        size_t most) {
  struct Dated {
    Time not_before;
    std::string pem;
  };
  const std::vector<std::string> held = Split(bundle);
  std::vector<Dated> others;
  for (const std::string& pem : held) {
    const auto validity = ReadValidity(pem);
    if (!validity || validity->not_after <= now || HoldsPem(ours, pem)) {
      continue;
    }
    others.push_back({validity->not_before, pem});
  }
  std::stable_sort(others.begin(), others.end(),
                   [](const Dated& a, const Dated& b) {
                     return a.not_before > b.not_before;
                   });
  const size_t room = most > ours.size() ? most - ours.size() : 0;
  if (others.size() > room) others.resize(room);
  const bool complete =
      others.size() + ours.size() == held.size() &&
      std::all_of(ours.begin(), ours.end(), [&held](const std::string& pem) {
        return HoldsPem(held, pem);
      });
  if (complete) return bundle;
  std::vector<std::string> parts = ours;
  for (Dated& other : others) parts.push_back(std::move(other.pem));
  return Join(parts);
}

bool BundleHolds(const std::string& bundle,
                 const std::string& certificate_pem) {
  return HoldsPem(Split(bundle), certificate_pem);
}

}  // namespace claviger::op::webhook
