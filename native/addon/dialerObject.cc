#include "addon/dialerObject.h"

#include <cerrno>
#include <memory>

#include "addon/addonData.h"
#include "addon/fieldReader.h"
#include "addon/toJavaScript.h"
#include "os/closeOnExec.h"

namespace aloft::addon {
namespace {

using runtime::FieldProblem;
using runtime::Fields;
using runtime::NumberRange;

constexpr NumberRange kPort{1, 65535};
constexpr NumberRange kMark{1, 4294967295.0};
constexpr std::array<runtime::Choice<os::Outgoing::Protocol>, 2> kProtocols{{
    {"TCP", os::Outgoing::Protocol::Tcp},
    {"UDP", os::Outgoing::Protocol::Udp},
}};

struct Dial {
  os::Outgoing outgoing;
  bool keep = false;
};

std::variant<Dial, FieldProblem> readDial(Napi::Value value) {
  std::optional<FieldProblem> problem;
  FieldReader reader(value, "", problem);
  const Fields fields("", problem);
  Dial dial;
  os::Outgoing& outgoing = dial.outgoing;
  const std::string protocol = reader.text("protocol");
  const std::string address = reader.text("address");
  const double port = reader.number("port");
  const auto source = reader.maybeText("sourceAddress");
  const auto sourcePort = reader.maybeNumber("sourcePort");
  outgoing.interface = reader.maybeText("interface").value_or("");
  const auto mark = reader.maybeNumber("firewallMark");
  dial.keep = reader.boolean("keep");
  if (problem) return *problem;
  outgoing.protocol = fields.choice("protocol", protocol, kProtocols);
  if (!wire::parseIpAddress(address, outgoing.address)) fields.fail("address", "must be an IP address");
  outgoing.port = fields.number<std::uint16_t>("port", port, kPort);
  if (source && !wire::parseIpAddress(*source, outgoing.source.emplace())) fields.fail("sourceAddress", "must be an IP address");
  outgoing.sourcePort = fields.number<std::uint16_t>("sourcePort", sourcePort, kPort, 0);
  outgoing.mark = fields.number<std::uint32_t>("firewallMark", mark, kMark, 0);
  // A probe that only opens a connection leaves nothing behind; a fixed port is needed again soon.
  outgoing.resets = !dial.keep || outgoing.sourcePort != 0;
  if (problem) return *problem;
  return dial;
}

}  // namespace

/// A dialer in the event loop of its environment, which is kept alive while connections are under way.
class DialerObject::Poller {
 public:
  Poller(Napi::Env env, runtime::Dialer dialer, Napi::Function onResults, DialerObject* owner)
      : env_(env), dialer_(std::move(dialer)), onResults_(Napi::Persistent(onResults)), owner_(owner) {
    owner_->Ref();
  }

  bool open() {
    uv_loop_t* loop = nullptr;
    if (napi_get_uv_event_loop(env_, &loop) != napi_ok || uv_poll_init(loop, &poll_, dialer_.descriptor()) != 0) return false;
    poll_.data = this;
    napi_add_async_cleanup_hook(env_, &Poller::onEnvironmentEnd, this, &hook_);
    uv_poll_start(&poll_, UV_READABLE, &Poller::onReadable);
    keepAlive();
    return true;
  }

  /// Of a poller that could not be opened.
  void discard() {
    owner_->Unref();
    delete this;
  }

  os::Result<std::uint32_t> dial(const Dial& dial) {
    auto id = dialer_.dial(dial.outgoing, dial.keep);
    keepAlive();
    return id;
  }

  void cancel(std::uint32_t id) {
    dialer_.cancel(id);
    keepAlive();
  }

  void close() {
    if (owner_ == nullptr) return;
    owner_->poller_ = nullptr;
    owner_->Unref();
    owner_ = nullptr;
    onResults_.Reset();
    uv_close(reinterpret_cast<uv_handle_t*>(&poll_), [](uv_handle_t* handle) { delete static_cast<Poller*>(handle->data); });
  }

 private:
  ~Poller() {
    if (hook_ != nullptr) napi_remove_async_cleanup_hook(hook_);
  }

  static void onEnvironmentEnd(napi_async_cleanup_hook_handle, void* poller) { static_cast<Poller*>(poller)->close(); }
  static void onReadable(uv_poll_t* poll, int, int) { static_cast<Poller*>(poll->data)->deliver(); }

  void keepAlive() {
    auto* handle = reinterpret_cast<uv_handle_t*>(&poll_);
    if (dialer_.pending() > 0) {
      uv_ref(handle);
    } else {
      uv_unref(handle);
    }
  }

  /// Three numbers per connection: its own, the errno, the descriptor.
  void deliver() {
    std::vector<runtime::Dialer::Finished> finished = dialer_.take();
    keepAlive();
    if (finished.empty()) return;
    const Napi::HandleScope scope(env_);
    const auto results = Napi::Array::New(env_, finished.size() * 3);
    std::uint32_t index = 0;
    for (auto& [id, status, fd] : finished) {
      results.Set(index++, id);
      results.Set(index++, status.ok() ? 0 : status.error().number);
      results.Set(index++, fd.release());
    }
    onResults_.MakeCallback(env_.Global(), {results});
    if (env_.IsExceptionPending()) napi_fatal_exception(env_, env_.GetAndClearPendingException().Value());
  }

  Napi::Env env_;
  runtime::Dialer dialer_;
  Napi::FunctionReference onResults_;
  DialerObject* owner_;
  uv_poll_t poll_{};
  napi_async_cleanup_hook_handle hook_ = nullptr;
};

Napi::Function DialerObject::define(Napi::Env env) {
  return DefineClass(env, "Dialer",
                     {InstanceMethod<&DialerObject::dial>("dial"), InstanceMethod<&DialerObject::cancel>("cancel"),
                      InstanceMethod<&DialerObject::closeOnExec>("closeOnExec"), InstanceMethod<&DialerObject::close>("close")});
}

DialerObject::DialerObject(const Napi::CallbackInfo& info) : ObjectWrap(info) {}

Napi::Value DialerObject::start(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!info[0].IsFunction()) return toRefusal(env, "startDialer", {"onResults", "must be a function"});
  auto dialer = runtime::Dialer::open();
  if (!dialer.ok()) return toResult(env, dialer.error());
  const Napi::Object object = AddonData::of(env).dialerClass.New({});
  DialerObject* owner = Unwrap(object);
  auto* poller = new Poller(env, std::move(dialer.value()), info[0].As<Napi::Function>(), owner);
  if (!poller->open()) {
    poller->discard();
    return toResult(env, os::Error{"wait for connections in the event loop", ENOMEM});
  }
  owner->poller_ = poller;
  const Napi::Object result = toResult(env, {});
  result.Set("dialer", object);
  return result;
}

Napi::Value DialerObject::dial(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (poller_ == nullptr) return toResult(env, os::Error{"dial", ESHUTDOWN});
  const auto dial = readDial(info[0]);
  if (const auto* problem = std::get_if<FieldProblem>(&dial)) return toRefusal(env, "dial", *problem);
  const auto id = poller_->dial(std::get<0>(dial));
  if (!id.ok()) return toResult(env, id.error());
  const Napi::Object result = toResult(env, {});
  result.Set("id", id.value());
  return result;
}

Napi::Value DialerObject::cancel(const Napi::CallbackInfo& info) {
  if (poller_ != nullptr && info[0].IsNumber()) poller_->cancel(info[0].As<Napi::Number>().Uint32Value());
  return info.Env().Undefined();
}

Napi::Value DialerObject::closeOnExec(const Napi::CallbackInfo& info) {
  os::closeOnExec();
  return info.Env().Undefined();
}

Napi::Value DialerObject::close(const Napi::CallbackInfo& info) {
  if (poller_ != nullptr) poller_->close();
  return info.Env().Undefined();
}

}  // namespace aloft::addon
